import { type Clock, sleep } from '../clock.ts';
import { throttled } from './endpoint.ts';

/** The workers of a serverless endpoint: one call each, made when needed, gone when idle for long. */
export interface WarmPool {
  /**
   * Runs `job` on the worker that was idle last, or on a new one after its set-up. Throws ThrottlingException when all
   * workers are busy, and what `notReady` makes when a new one may not be started or is not ready in time.
   */
  run<T>(job: () => Promise<T>): Promise<T>;
  state(): { readonly workers: number; readonly busy: number; readonly coldStarts: number };
}

export interface WarmPoolOptions {
  readonly clock: Clock;
  readonly maxWorkers: number;
  /** Workers that are warm from the start and never expire. */
  readonly provisioned: number;
  readonly idleMs: number;
  readonly setupWaitMs: number;
  /** How long the set-up of the next worker takes. */
  setupMs(): number;
  mayWarmUp(): boolean;
  notReady(): Error;
}

interface Worker {
  readonly provisioned: boolean;
  busy: boolean;
  idleSince: number;
}

export function createWarmPool(options: WarmPoolOptions): WarmPool {
  const { clock, maxWorkers, idleMs, setupWaitMs } = options;
  const newWorker = (provisioned: boolean): Worker => ({ provisioned, busy: !provisioned, idleSince: clock.now() });
  const workers = new Set(Array.from({ length: options.provisioned }, () => newWorker(true)));
  let coldStarts = 0;

  const expire = () => {
    for (const worker of workers) {
      if (!worker.busy && !worker.provisioned && clock.now() - worker.idleSince >= idleMs) workers.delete(worker);
    }
  };
  const rest = (worker: Worker) => {
    worker.busy = false;
    worker.idleSince = clock.now();
  };
  const startWorker = async (): Promise<Worker> => {
    if (workers.size >= maxWorkers) throw throttled();
    if (!options.mayWarmUp()) throw options.notReady();
    const worker = newWorker(false);
    workers.add(worker);
    coldStarts++;
    const setupMs = options.setupMs();
    await sleep(clock, Math.min(setupMs, setupWaitMs));
    if (setupMs <= setupWaitMs) return worker;
    // The call gives up, the set-up goes on, and a later call finds the worker warm.
    clock.after(setupMs - setupWaitMs, () => rest(worker));
    throw options.notReady();
  };

  return {
    run: async job => {
      expire();
      const idle = [...workers].filter(worker => !worker.busy).sort((a, b) => b.idleSince - a.idleSince)[0];
      if (idle !== undefined) idle.busy = true;
      const worker = idle ?? (await startWorker());
      try {
        return await job();
      } finally {
        rest(worker);
      }
    },
    state: () => {
      expire();
      return { workers: workers.size, busy: [...workers].filter(worker => worker.busy).length, coldStarts };
    },
  };
}
