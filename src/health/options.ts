import Type, { type Static } from 'typebox';

/**
 * When a target counts as ill and how it returns. Absolute rules, because deviation rules need five hosts and a model
 * rarely has that many regions (Envoy `outlier_detection.proto`: minimum_hosts 5). Defaults follow the same file.
 */
export const HealthOptions = Type.Object(
  {
    consecutiveFailures: Type.Integer({ minimum: 1, default: 5, description: 'This many in a row eject a target.' }),
    failureRate: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.5, description: 'As does this share …' }),
    minimumRequests: Type.Integer({ minimum: 1, default: 20, description: '… of at least this many calls …' }),
    windowMs: Type.Integer({ minimum: 1_000, default: 10_000, description: '… within this time.' }),
    baseEjectionMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 30_000,
      description: 'Times the number of ejections in a row …',
    }),
    maxEjectionMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 300_000,
      description: '… capped by this …',
    }),
    ejectionJitter: Type.Number({ minimum: 0, maximum: 1, default: 0.2, description: '… plus or minus this share.' }),
    slowStartMs: Type.Integer({
      minimum: 0,
      default: 30_000,
      description: 'Ramp from 10 % to a full share after a return.',
    }),
    probeIntervalMs: Type.Integer({
      minimum: 100,
      default: 2_000,
      description: 'Between probes of an ejected target, fleet-wide.',
    }),
    probeTimeoutMs: Type.Integer({
      minimum: 50,
      default: 2_000,
      description: 'A probe without answer by then failed.',
    }),
    trialExpiryMs: Type.Integer({
      minimum: 1_000,
      default: 60_000,
      description: 'A caller’s request that tries an ejected target and never ends makes room for another after this.',
    }),
    failOpenPerSecond: Type.Number({
      minimum: 0,
      default: 1,
      description: 'When all eligible targets are ejected: tries per target and second, fleet-wide.',
    }),
    maxWaiting: Type.Integer({
      minimum: 0,
      default: 100,
      description: 'Requests that may wait, in each replica, for a slot when all their targets are full.',
    }),
    evacuateShare: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'A region is evacuated when more than this share of its targets (at least two) is ejected.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type HealthOptions = Static<typeof HealthOptions>;
