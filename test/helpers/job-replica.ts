import type { ObjectStore } from '../../src/backends/object-store.ts';
import type { Clock } from '../../src/core/clock.ts';
import { openBook } from '../../src/jobs/book.ts';
import { createGate } from '../../src/jobs/gate.ts';
import { createHeartbeats } from '../../src/jobs/heartbeats.ts';
import type { Job } from '../../src/jobs/job.ts';
import { jobKind } from '../../src/jobs/job-kind.ts';
import type { JobsOptions } from '../../src/jobs/options.ts';
import type { JobPorts } from '../../src/jobs/ports.ts';
import { createTakeOver } from '../../src/jobs/take-over.ts';
import { memoryState } from './memory-state.ts';

/** Jobs in two regions, `a` and `b`. */
export const twoBuckets = {
  buckets: { a: 'bucket-a', b: 'bucket-b' },
  prefix: 'jobs/',
  pollMs: 20,
  places: [],
  retentionHours: 72,
  maxResubmissions: 2,
  resubmitAfterMs: 3_600_000,
} as unknown as JobsOptions;

/** A job that an endpoint in `a` has, unless said otherwise. */
export function someJob(more: Partial<Job> = {}): Job {
  return {
    id: '00000000-0000-0000-0000-000000000001',
    owner: 'one',
    tenant: 't',
    model: 'rain',
    createdAtMs: 0,
    inputBytes: 1,
    inferenceId: 'i',
    fields: {},
    residency: undefined,
    copies: ['a', 'b'],
    state: 'running',
    attempts: [someAttempt()],
    ...more,
  };
}

export function someAttempt(region = 'a', submittedAtMs = 0): Job['attempts'][number] {
  const at = (name: string) => `s3://bucket-${region}/outputs/${name}`;
  const target = `v1@${region}/async`;
  return { region, target, submittedAtMs, outputLocation: at('out'), failureLocation: at('failure') };
}

/** Where an object of the job is kept in `memoryObjects`. */
export function keyOf(region: string, name: string, { id } = someJob()): string {
  return `${region}/bucket-${region}/jobs/${id}/${name}`;
}

/** One replica over these buckets, with an index of its own. */
export function jobReplica(replica: string, store: ObjectStore, clock: Clock, state = memoryState()) {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const options = () => twoBuckets;
  const book = openBook(jobKind, { clock, state, store, options, warn });
  const ports = {
    clock,
    store,
    book,
    copies: createGate(4),
    replica,
    emit: () => {},
    options,
    regionsFor: () => ['a', 'b'],
    regionState: () => 'serving' as const,
    warn,
  } as unknown as JobPorts;
  const heartbeats = createHeartbeats(ports);
  return { ports, book, heartbeats, takeOver: createTakeOver(ports, heartbeats), warnings };
}

/** The store as it is while some regions cannot be reached. */
export function without(store: ObjectStore, away: () => readonly string[]): ObjectStore {
  const reached = <T>(region: string, call: () => Promise<T>): Promise<T> =>
    away().includes(region) ? Promise.reject(new Error(`${region} is away`)) : call();
  return {
    ...store,
    put: (place, ...rest) => reached(place.region, () => store.put(place, ...rest)),
    look: place => reached(place.region, () => store.look(place)),
    get: place => reached(place.region, () => store.get(place)),
    delete: place => reached(place.region, () => store.delete(place)),
    folders: async function* (region, ...rest) {
      if (away().includes(region)) throw new Error(`${region} is away`);
      yield* store.folders(region, ...rest);
    },
  };
}
