import {
  attemptCostUsd,
  type Batch,
  type BatchAttempt,
  type BatchEvent,
  isBatchOver,
  nextBatchState,
} from './batch.ts';
import type { BatchPorts } from './ports.ts';

/** What a change may bring with it. */
type Amendment = Partial<Pick<Batch, 'attempts' | 'progress'>> & { readonly detail?: string | undefined };

/** Applies an event, saves the batch and tells the observers. Events that mean nothing now change nothing. */
export async function changeBatch(
  ports: BatchPorts,
  batch: Batch,
  event: BatchEvent,
  more: Amendment = {},
): Promise<Batch> {
  const current = ports.book.get(batch.id);
  if (current === undefined) return batch; // removed meanwhile
  const state = nextBatchState(current.state, event);
  if (state === undefined) return amendBatch(ports, batch, more);
  const finishedAtMs = isBatchOver(state) ? ports.clock.wallMs() : undefined;
  const changed = amended(current, { detail: undefined, ...more });
  const next: Batch = {
    ...(isBatchOver(state) ? withoutAsking(changed) : changed),
    state,
    ...(finishedAtMs !== undefined && { finishedAtMs }),
  };
  await ports.book.save(next);
  tellChange(ports, current.state, next);
  tellCosts(ports, current, next);
  return next;
}

/** Saves what is no change of state; a `detail` of undefined is taken away. */
export async function amendBatch(ports: BatchPorts, batch: Batch, more: Amendment): Promise<Batch> {
  const current = ports.book.get(batch.id);
  if (current === undefined) return batch;
  const next = amended(current, more);
  await ports.book.save(next);
  tellCosts(ports, current, next);
  return next;
}

function amended(batch: Batch, more: Amendment): Batch {
  const { detail, ...rest } = { ...batch, ...more };
  return { ...rest, ...(detail !== undefined && { detail }) };
}

/** What was asked for before a crash, or elsewhere, may be there: it has to be stopped. */
export function withoutAsking(batch: Batch): Batch {
  const attempts = batch.attempts.map(each =>
    each.stage === 'asking' ? { ...each, stage: 'abandoned' as const } : each,
  );
  return { ...batch, attempts };
}

/** Puts an attempt in the place of the one with its name and region, or after all others. */
export function withAttempt({ attempts }: Pick<Batch, 'attempts'>, attempt: BatchAttempt): readonly BatchAttempt[] {
  const isSame = ({ region, jobName }: BatchAttempt) => region === attempt.region && jobName === attempt.jobName;
  return attempts.some(isSame) ? attempts.map(each => (isSame(each) ? attempt : each)) : [...attempts, attempt];
}

/** Tells that a batch went from one state to another; `from` is undefined for one that is new. */
export function tellChange(ports: Pick<BatchPorts, 'emit' | 'clock'>, from: string | undefined, batch: Batch): void {
  const { id, tenant, model, state: to, detail, attempts, createdAtMs } = batch;
  const region = attempts.at(-1)?.region;
  const ageMs = ports.clock.wallMs() - createdAtMs;
  ports.emit({ type: 'batch-changed', id, tenant, model, from, to, region, ageMs, detail });
}

/** Each attempt is charged once, when it is over. */
function tellCosts(ports: BatchPorts, before: Batch, { id, tenant, model, attempts }: Batch): void {
  for (const attempt of attempts) {
    const known = before.attempts.find(
      ({ region, jobName }) => region === attempt.region && jobName === attempt.jobName,
    );
    if (attempt.stage !== 'over' || known?.stage === 'over') continue;
    const costUsd = attemptCostUsd(attempt, ports.clock.wallMs());
    if (!costUsd) continue;
    ports.charge(tenant, costUsd);
    ports.emit({ type: 'batch-charged', id, tenant, model, region: attempt.region, costUsd });
  }
}
