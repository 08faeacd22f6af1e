/** Work that no caller waits for: failures are reported, and a shutdown can wait for it. */
export interface BackgroundWork {
  start(work: () => Promise<unknown>): void;
  settled(): Promise<void>;
}

/** Nothing under way at first. */
export function backgroundWork(onError: (error: unknown) => void): BackgroundWork {
  const running = new Set<Promise<void>>();
  return {
    start: work => {
      const done = Promise.resolve()
        .then(work)
        .then(
          () => {},
          (error: unknown) => onError(error),
        )
        .finally(() => running.delete(done));
      running.add(done);
    },
    settled: async () => {
      await Promise.all(running);
    },
  };
}
