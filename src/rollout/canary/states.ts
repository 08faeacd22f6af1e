/** Where a canary stands. */
export const canaryStates = [
  /** Gets copies of calls, and no call of its own. */
  'shadowing',
  /** Gets its share, and is compared. */
  'stepping',
  /** A region is ill: what happens there counts for nothing, and no step is passed until it is well. Ends by itself. */
  'frozen',
  /** Waits for a person, who resumes, promotes or aborts it. Keeps its share, unless that is all calls and looked broken. */
  'held',
  /** Stopped by an operator, at its share. */
  'paused',
  /** Has passed every step, and waits for a second person. */
  'awaiting-approval',
  /** Gets all calls, until the config's own weights change. */
  'promoted',
  /** Was condemned: gets none. */
  'rolled-back',
  /** Was ended by an operator: gets none. */
  'aborted',
] as const;
/** One of them. */
export type CanaryState = (typeof canaryStates)[number];

/** What moves a canary. */
export const canaryMoves = [
  /** The shadow stage is passed. */
  'unveil',
  /** To the next step or wave. */
  'step',
  /** Back from 100 % to the last step that has stable calls to compare with, as something looks broken. */
  'verify',
  'freeze',
  'thaw',
  'hold',
  'pause',
  'resume',
  /** Resumes one that was stopped before its shadow stage was judged. */
  'reshadow',
  /** Every step is passed, or an operator wants it all at once. */
  'promote',
  /** The same, where a second person must agree. */
  'ask',
  'approve',
  'condemn',
  'abort',
] as const;
/** One of them. */
export type CanaryMove = (typeof canaryMoves)[number];

const ends = { hold: 'held', condemn: 'rolled-back', abort: 'aborted' } as const;
const shortcuts = { promote: 'promoted', ask: 'awaiting-approval' } as const;

/** The whole machine. A move that is not listed cannot be made from that state. */
export const canaryTransitions: Readonly<Record<CanaryState, Readonly<Partial<Record<CanaryMove, CanaryState>>>>> = {
  shadowing: { ...ends, unveil: 'stepping', pause: 'paused' },
  stepping: { ...ends, ...shortcuts, step: 'stepping', verify: 'stepping', freeze: 'frozen', pause: 'paused' },
  frozen: { ...ends, ...shortcuts, thaw: 'stepping', verify: 'frozen', pause: 'paused' },
  held: {
    ...{ ...shortcuts, condemn: 'rolled-back', abort: 'aborted' },
    ...{ resume: 'stepping', reshadow: 'shadowing', verify: 'held', pause: 'paused' },
  },
  paused: { ...ends, ...shortcuts, resume: 'stepping', reshadow: 'shadowing', verify: 'paused' },
  'awaiting-approval': { ...ends, approve: 'promoted', verify: 'stepping', pause: 'paused' },
  promoted: { abort: 'aborted' },
  'rolled-back': {},
  aborted: {},
};

/** Where a move leads; undefined when it cannot be made. */
export function stateAfter(state: CanaryState, move: CanaryMove): CanaryState | undefined {
  return canaryTransitions[state][move];
}

/** Whether it is under way: it may still be promoted or rolled back. */
export function isRunning(state: CanaryState): boolean {
  return state !== 'promoted' && state !== 'rolled-back' && state !== 'aborted';
}
