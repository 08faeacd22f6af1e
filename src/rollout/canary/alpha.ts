/**
 * Chance of each guard to act wrongly over a whole canary, however often it looks and in however many regions. Together
 * under one percent, most of it where a little harm is hardest to see. Those that rest on e-processes keep to it exactly (Ville's inequality).
 */
export const alphas = {
  errors: 0.0045,
  callerFaults: 0.001,
  latencyP50: 0.0005,
  latencyP95: 0.0005,
  failuresInARow: 0.0005,
  errorRatio: 0.0005,
  predictions: 0.0005,
  cost: 0.0005,
  quality: 0.0005,
  sampleRatio: 0.0005,
} as const;

/** One of the guards. */
export type GuardName = keyof typeof alphas;

/** Chance to pass a step whose errors do exceed stable's by the margin: that step only, not a rollback that was due. */
export const passAlpha = 0.05;
