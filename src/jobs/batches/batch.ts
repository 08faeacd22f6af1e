import type { Work } from '../book.ts';

/**
 * `queued`: no region has it, `running`: a transform job was created for it, `stopping`: its caller wants it no more and
 * SageMaker has still to let go of it; the other three are final.
 */
export type BatchState = 'queued' | 'running' | 'stopping' | 'completed' | 'failed' | 'cancelled';

/** What may happen to a batch. */
export type BatchEvent =
  /** A region created its transform job. */
  | 'created'
  /** Every record is scored. */
  | 'produced'
  /** Its transform failed for what it was given: it would everywhere. */
  | 'refused'
  /** Its transform failed for the region's reasons, or is gone; it may be tried again. */
  | 'lost'
  /** The same, and it was tried often enough; or no region took it in time. */
  | 'exhausted'
  /** Its caller wants it no more. */
  | 'withdrawn'
  /** Its transform was stopped, by whomever. */
  | 'stopped';

const transitions: Readonly<Record<BatchState, Partial<Record<BatchEvent, BatchState>>>> = {
  queued: { created: 'running', refused: 'failed', exhausted: 'failed', withdrawn: 'cancelled' },
  running: {
    produced: 'completed',
    refused: 'failed',
    lost: 'queued',
    exhausted: 'failed',
    withdrawn: 'stopping',
    stopped: 'cancelled',
  },
  // What ends by itself before it can be stopped has ended so, but is not tried again.
  stopping: {
    created: 'stopping', // by a call that was under way
    produced: 'completed',
    refused: 'cancelled',
    lost: 'cancelled',
    exhausted: 'cancelled',
    stopped: 'cancelled',
  },
  completed: {},
  failed: {},
  cancelled: {},
};

/** The state after `event`; undefined when it means nothing in this state. */
export function nextBatchState(state: BatchState, event: BatchEvent): BatchState | undefined {
  return transitions[state][event];
}

/** Whether nothing will change any more. */
export function isBatchOver(state: BatchState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** One try to have a region run it. Times are wall-clock ms. */
export interface BatchAttempt {
  readonly region: string;
  /** Of the transform job; the same however often its creation is tried. */
  readonly jobName: string;
  readonly askedAtMs: number;
  /**
   * `asking`: its creation was asked for, and not answered yet; `created`: it is there; `abandoned`: it may be there, but
   * nobody waits for it any more, so it has to be stopped; `over`: it ended, or never was.
   */
  readonly stage: 'asking' | 'created' | 'abandoned' | 'over';
  /** USD per hour of all its instances, as it was known when it began. */
  readonly usdPerHour?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Why it came to nothing. */
  readonly failure?: string;
}

/** What is read and written, by region: `s3://…`. */
export interface BatchPlaces {
  readonly input: string;
  readonly output: string;
}

/** How far a batch is, in objects; what cannot be counted is absent. */
export interface BatchProgress {
  readonly inputs?: number;
  readonly outputs?: number;
}

/** A batch: objects scored record by record, on instances started for it. */
export interface Batch extends Work {
  readonly version: string;
  readonly state: BatchState;
  /** By region that may run it. */
  readonly places: Readonly<Record<string, BatchPlaces>>;
  /** Whether its outputs lie in the caller's own place, and are not removed with it. */
  readonly keepsOutput: boolean;
  readonly contentType?: string;
  readonly accept?: string;
  readonly split: 'line' | 'none';
  readonly together: boolean;
  readonly attempts: readonly BatchAttempt[];
  readonly progress?: BatchProgress;
  /** Why it waits or failed. */
  readonly detail?: string;
  /** Who is to be told of its end was told. */
  readonly told?: boolean;
}

/** Attempts whose transform job was there and is over: their names cannot be used again. */
export function attemptsRun({ attempts }: Pick<Batch, 'attempts'>): readonly BatchAttempt[] {
  return attempts.filter(({ endedAtMs }) => endedAtMs !== undefined);
}

/** What an attempt costs so far, USD: SageMaker charges instances from start to end. Undefined when the price is unknown. */
export function attemptCostUsd(attempt: BatchAttempt, nowWallMs: number): number | undefined {
  const { startedAtMs, endedAtMs = nowWallMs, usdPerHour } = attempt;
  if (startedAtMs === undefined) return 0;
  return usdPerHour === undefined ? undefined : (Math.max(0, endedAtMs - startedAtMs) / 3_600_000) * usdPerHour;
}

/** What all attempts cost so far, USD; undefined when the price of one is unknown. */
export function batchCostUsd({ attempts }: Pick<Batch, 'attempts'>, nowWallMs: number): number | undefined {
  let sum = 0;
  for (const attempt of attempts) {
    const usd = attemptCostUsd(attempt, nowWallMs);
    if (usd === undefined) return undefined;
    sum += usd;
  }
  return sum;
}
