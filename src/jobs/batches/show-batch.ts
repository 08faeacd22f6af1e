import { type Batch, type BatchProgress, batchCostUsd } from './batch.ts';

/** A batch as its caller sees it. */
export interface ShownBatch {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly state: Batch['state'];
  /** Where it runs or ran; absent before the first try. */
  readonly region?: string;
  /** `s3://…`, of that region. */
  readonly inputLocation?: string;
  readonly outputLocation?: string;
  /** Objects to score, and scored; absent what cannot be counted. */
  readonly progress?: BatchProgress;
  /** So far, all attempts together; absent when a price is unknown. */
  readonly costUsd?: number;
  readonly attempts: readonly {
    readonly region: string;
    readonly askedAt: string;
    readonly startedAt?: string;
    readonly endedAt?: string;
    readonly failure?: string;
  }[];
  /** Why it waits or failed. */
  readonly detail?: string;
  readonly createdAt: string;
  readonly finishedAt?: string;
  /** From acceptance to now, or to its end. */
  readonly ageSeconds: number;
}

/** Times in ISO 8601. */
export function showBatch(batch: Batch, nowWallMs: number): ShownBatch {
  const { id, model, version, state, progress, detail, createdAtMs, finishedAtMs } = batch;
  const region = batch.attempts.findLast(({ stage }) => stage !== 'abandoned')?.region;
  const places = region === undefined ? undefined : batch.places[region];
  const costUsd = batchCostUsd(batch, nowWallMs);
  return {
    id,
    model,
    version,
    state,
    ...(region !== undefined && { region }),
    ...(places !== undefined && { inputLocation: places.input, outputLocation: places.output }),
    ...(progress !== undefined && { progress }),
    ...(costUsd !== undefined && { costUsd: Math.round(costUsd * 1e6) / 1e6 }),
    attempts: batch.attempts.map(({ region, askedAtMs, startedAtMs, endedAtMs, failure }) => ({
      region,
      askedAt: isoOf(askedAtMs),
      ...(startedAtMs !== undefined && { startedAt: isoOf(startedAtMs) }),
      ...(endedAtMs !== undefined && { endedAt: isoOf(endedAtMs) }),
      ...(failure !== undefined && { failure }),
    })),
    ...(detail !== undefined && { detail }),
    createdAt: isoOf(createdAtMs),
    ...(finishedAtMs !== undefined && { finishedAt: isoOf(finishedAtMs) }),
    ageSeconds: Math.round(((finishedAtMs ?? nowWallMs) - createdAtMs) / 1_000),
  };
}

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
