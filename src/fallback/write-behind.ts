/** Sends writes later and a few at a time, so that nobody waits for them. Bounded: the oldest are dropped. */
export interface WriteBehind<T> {
  /** Queues a write; one still waiting under the same key is replaced. */
  add(key: string, value: T, bytes: number): void;
  /** Sends on what waited while the store was down. */
  resume(): void;
  /** Forgets what waits under these keys. */
  drop(matches: (key: string) => boolean): void;
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
  return new Queue(options);
}

class Queue<T> implements WriteBehind<T> {
  readonly #options: WriteBehindOptions<T>;
  readonly #items = new Map<string, { readonly value: T; readonly bytes: number }>();
  #bytes = 0;
  #sending = 0;
  #dropped = 0;

  constructor(options: WriteBehindOptions<T>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#items.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(key: string, value: T, bytes: number): void {
    this.#take(key);
    this.#items.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= this.#options.maxEntries && this.#bytes <= this.#options.maxBytes) break;
      this.#take(oldest);
      this.#dropped += 1;
    }
    this.resume();
  }

  resume(): void {
    while (this.#sending < this.#options.concurrency && this.#options.ready()) {
      const [key] = this.#items.keys();
      if (key === undefined) return;
      const value = this.#take(key);
      if (value !== undefined) this.#send(key, value);
    }
  }

  drop(matches: (key: string) => boolean): void {
    for (const key of this.#items.keys()) if (matches(key)) this.#take(key);
  }

  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
  }

  #send(key: string, value: T): void {
    this.#sending += 1;
    const done = () => {
      this.#sending -= 1;
      this.resume();
    };
    this.#options.send(key, value).then(done, () => {
      this.#dropped += 1;
      done();
    });
  }

  #take(key: string): T | undefined {
    const item = this.#items.get(key);
    if (item === undefined) return undefined;
    this.#items.delete(key);
    this.#bytes -= item.bytes;
    return item.value;
  }
}
