import { GatewayError } from '../../core/errors.ts';
import { countByState } from '../book.ts';
import { createDriver } from '../driver.ts';
import { isJobId } from '../job.ts';
import type { JobsOptions } from '../options.ts';
import { createTending } from '../tending.ts';
import { acceptBatch, type NewBatch } from './accept-batch.ts';
import { type Batch, isBatchOver } from './batch.ts';
import { tellChange } from './change.ts';
import type { BatchPorts } from './ports.ts';
import { removeBatch } from './remove-batch.ts';
import { withdrawBatch } from './withdraw-batch.ts';
import { workOnBatch } from './work-on-batch.ts';

/** Batches, as callers see them. What belongs to another tenant is not there. */
export interface Batches {
  /** Resolves once the batch cannot be lost any more. Throws `upstream-failed`. */
  accept(batch: NewBatch): Promise<Batch>;
  /** Throws `not-found`. */
  find(id: string, tenant: string): Promise<Batch>;
  /** Stops a batch that is not over, and resolves to it; removes one that is. Throws `upstream-failed`. */
  withdraw(batch: Batch): Promise<Batch | undefined>;
  /** By model and state, for gauges. */
  counts(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Takes up every batch that index or buckets know, and works on them until stopped. */
export function startBatches(ports: BatchPorts): Batches {
  const { book } = ports;
  const driver = createDriver({ ...ports, step: (batch, options) => workOnBatch(ports, batch, options) });
  const tending = createTending(ports);
  const started = ports.ready().then(() => {
    driver.start();
    tending.start();
  });
  return {
    accept: async batch => {
      const accepted = await acceptBatch(ports.store, optionsOf(ports), batch, ports.warn);
      await book.add(accepted);
      tellChange(ports, undefined, accepted);
      driver.nudge(accepted.id);
      return accepted;
    },
    find: async (id, tenant) => {
      const batch = isJobId(id) ? (book.get(id) ?? (await fetchBatch(ports, id))) : undefined;
      if (batch === undefined || batch.removing || batch.tenant !== tenant)
        throw new GatewayError('not-found', 'No such batch: it was never accepted, is removed, or is not yours.');
      return batch;
    },
    withdraw: async batch => {
      const options = optionsOf(ports);
      if (isBatchOver(batch.state)) {
        checkNothingRuns(batch);
        await removeBatch(ports, batch, options);
        return undefined;
      }
      const withdrawn = await withdrawBatch(ports, batch, options);
      driver.nudge(batch.id);
      return withdrawn;
    },
    counts: () => countByState(book.all()),
    stop: async () => {
      await Promise.all([driver.stop(), tending.stop()]);
      await started;
      book.stop();
    },
  };
}

/** While a region may run what nobody waits for, the record is all that knows of it. Throws `upstream-failed`. */
function checkNothingRuns({ attempts }: Batch): void {
  const abandoned = attempts.find(({ stage }) => stage === 'abandoned');
  if (abandoned === undefined) return;
  const message = `${abandoned.region} may still run what it was asked for, and has to be stopped first: repeat the call later.`;
  throw new GatewayError('upstream-failed', message);
}

/** A batch that this replica does not know may be another's. */
async function fetchBatch(ports: BatchPorts, id: string): Promise<Batch | undefined> {
  try {
    return await ports.book.fetch(id);
  } catch (error) {
    ports.warn(`batch ${id} cannot be looked for in every bucket: ${String(error)}`);
    const message = 'A region that may know the batch does not answer: repeat the call later.';
    throw new GatewayError('upstream-failed', message);
  }
}

/** Throws `not-found` where the config has none. */
export function optionsOf(ports: Pick<BatchPorts, 'options'>): JobsOptions {
  const options = ports.options();
  if (options === undefined)
    throw new GatewayError('not-found', 'There are no batches here: the operator has to configure buckets for them.');
  return options;
}
