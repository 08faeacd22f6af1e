import { throttled } from './endpoint.ts';

/** A fixed number of workers with a bounded queue in front: the instances behind a real-time endpoint. */
export interface WorkerPool {
  /** Runs `job` on a worker, after waiting for one in the queue; throws ThrottlingException when the queue is full. */
  run<T>(job: () => Promise<T>): Promise<T>;
  state(): { readonly workers: number; readonly busy: number; readonly queued: number };
}

export function createWorkerPool(workers: number, queueLimit: number): WorkerPool {
  const waiting: (() => void)[] = [];
  let busy = 0;
  const acquire = async (): Promise<void> => {
    if (busy < workers) {
      busy++;
      return;
    }
    if (waiting.length >= queueLimit) throw throttled();
    // The worker is handed over by `release`, so `busy` stays as it is.
    await new Promise<void>(resolve => waiting.push(resolve));
  };
  const release = () => {
    const next = waiting.shift();
    if (next === undefined) busy--;
    else next();
  };
  return {
    run: async job => {
      await acquire();
      try {
        return await job();
      } finally {
        release();
      }
    },
    state: () => ({ workers, busy, queued: waiting.length }),
  };
}
