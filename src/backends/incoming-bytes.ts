import type { TransportFailure } from './transport-call.ts';

/** Bytes held for a reader before the connection is told to wait. */
export const holdBytes = 65_536;

/** How the connection is told to wait, to go on and to close. */
export interface Tap {
  pause(): void;
  resume(): void;
  /** The reader wants no more. */
  close(): void;
}

/** An answer's bytes as they arrive, for one reader; the connection waits while the reader is behind. */
export class IncomingBytes {
  readonly #tap: Tap;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #end: 'end' | TransportFailure | undefined;
  readonly #closed = Promise.withResolvers<'end' | TransportFailure>();
  #wake: (() => void) | undefined;

  constructor(tap: Tap) {
    this.#tap = tap;
  }

  /** Resolves when no more will come, though not all may have been read. */
  get closed(): Promise<'end' | TransportFailure> {
    return this.#closed.promise;
  }

  /** The next bytes, `end` after a whole answer, or why no more will come. One call at a time. */
  async read(): Promise<Buffer | 'end' | TransportFailure> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.length;
        if (this.#paused && this.#bytes < holdBytes) {
          this.#paused = false;
          this.#tap.resume();
        }
        return chunk;
      }
      if (this.#end !== undefined) return this.#end;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#paused && this.#bytes >= holdBytes) {
      this.#paused = true;
      this.#tap.pause();
    }
    this.#wake?.();
  }

  /** No more will come; what has arrived can still be read. */
  finish(end: 'end' | TransportFailure): void {
    this.#end ??= end;
    this.#closed.resolve(this.#end);
    this.#wake?.();
  }

  /** The reader gives up: the connection is closed, what was not read is dropped. */
  giveUp(failure: TransportFailure): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.finish(failure);
    this.#tap.close();
  }
}
