/** Sends writes later and a few at a time, so that nobody waits for them. Bounded: the oldest are dropped. */
export interface WriteBehind<T> {
  /** Queues a write; one still waiting under the same key is replaced. */
  add(key: string, value: T, bytes: number): void;
  /** Sends on what waited while the store was down. */
  resume(): void;
  /** Forgets what waits. */
  clear(): void;
  readonly waiting: number;
  /** Writes given up because the queue was full or the store refused them. */
  readonly dropped: number;
}

/** Where writes go, and how many may wait or be under way. */
export interface WriteBehindOptions<T> {
  readonly send: (key: string, value: T) => Promise<void>;
  /** False while the store is known to be down: writes wait then, as far as there is room. */
  readonly ready: () => boolean;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly concurrency: number;
}

/** An empty queue; nothing is sent before the first write. */
export function writeBehind<T>(options: WriteBehindOptions<T>): WriteBehind<T> {
  const queue = new Map<string, { value: T; bytes: number }>();
  let queuedBytes = 0;
  let sending = 0;
  let dropped = 0;

  const take = (key: string) => {
    const item = queue.get(key);
    if (item === undefined) return undefined;
    queue.delete(key);
    queuedBytes -= item.bytes;
    return item.value;
  };
  const pump = () => {
    while (sending < options.concurrency && options.ready()) {
      const [key] = queue.keys();
      if (key === undefined) return;
      const value = take(key);
      if (value === undefined) continue;
      sending += 1;
      const done = () => {
        sending -= 1;
        pump();
      };
      options.send(key, value).then(done, () => {
        dropped += 1;
        done();
      });
    }
  };
  return {
    add: (key, value, bytes) => {
      take(key);
      queue.set(key, { value, bytes });
      queuedBytes += bytes;
      for (const oldest of queue.keys()) {
        if (queue.size <= options.maxEntries && queuedBytes <= options.maxBytes) break;
        take(oldest);
        dropped += 1;
      }
      pump();
    },
    resume: pump,
    clear: () => {
      queue.clear();
      queuedBytes = 0;
    },
    get waiting() {
      return queue.size;
    },
    get dropped() {
      return dropped;
    },
  };
}
