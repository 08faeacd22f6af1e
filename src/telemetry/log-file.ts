import { openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { makeDirectories } from '../core/directories.ts';

/** Written at once from this much on; less waits for the timer. */
const batchChars = 131_072;
/** At low traffic a line appears within this time. */
const flushEveryMs = 1_000;
/** Kept while a write is under way; a reader slower than this loses lines rather than costing the gateway its memory. */
const bufferedChars = 4_194_304;
/** A pipe that takes nothing is asked again this often, and given up by `flush` after this many times. */
const pipeFullMs = 20;
const flushTries = 25;
/** A write that has not ended after this is stuck: a last, blocking one would be stuck as well. */
const stuckMs = 1_000;

/** Takes lines, never throws, never blocks for long. What the file does not take is dropped and counted. */
export interface LogFile {
  write(line: string): void;
  /** Writes what is buffered before it returns, within about a second. */
  flush(): void;
  /** Lines lost since the start. */
  readonly dropped: number;
}

/**
 * Appends to `file`, or writes to standard output. Buffered and written in the background, so that a line costs no
 * system call on the request path. A full disk or a closed pipe is told once on standard error and tried again with
 * the next lines; pino's own destination would end the process with the first error and never return from the last
 * flush (sonic-boom's `flushSync` repeats a failing write without end).
 */
export function openLogFile(file: string | undefined, clock: Clock): LogFile {
  return new Writer(file, clock);
}

class Writer implements LogFile {
  dropped = 0;
  readonly #file: string | undefined;
  readonly #clock: Clock;
  #fd: number | undefined;
  #pending = '';
  /** When the write under way began. */
  #writingSince: number | undefined;
  #timer = false;
  /** The last write failed, and it was said. */
  #broken = false;
  /** A failed write left half a line: the next begins on a new one. */
  #torn = false;

  constructor(file: string | undefined, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  write(line: string): void {
    if (this.#pending.length >= bufferedChars) this.dropped += 1;
    else this.#pending += line;
    if (this.#pending.length >= batchChars) this.#begin();
    else this.#beginLater();
  }

  flush(): void {
    if (this.#writingSince !== undefined && this.#clock.now() - this.#writingSince > stuckMs) {
      this.#drop(Buffer.from(this.#take()), new Error('the reader takes nothing'));
      return;
    }
    let rest: Buffer = Buffer.from(this.#take());
    for (let tries = 0; rest.length > 0; ) {
      try {
        rest = this.#written(rest, writeSync(this.#open(), rest));
      } catch (error) {
        tries += 1;
        if (!isPipeFull(error) || tries > flushTries) {
          this.#drop(rest, error);
          return;
        }
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pipeFullMs);
      }
    }
  }

  #beginLater(): void {
    if (this.#timer) return;
    this.#timer = true;
    this.#clock.after(flushEveryMs, () => {
      this.#timer = false;
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#writingSince !== undefined || this.#pending === '') return;
    this.#send(Buffer.from(this.#take()));
  }

  #send(bytes: Buffer): void {
    let fd: number;
    try {
      fd = this.#open();
    } catch (error) {
      this.#writingSince = undefined;
      this.#drop(bytes, error);
      return;
    }
    this.#writingSince ??= this.#clock.now();
    write(fd, bytes, (error, count) => {
      if (error !== null && isPipeFull(error)) {
        this.#clock.after(pipeFullMs, () => this.#send(bytes));
        return;
      }
      const rest = error === null ? this.#written(bytes, count) : bytes;
      if (error === null && rest.length > 0) {
        this.#send(rest);
        return;
      }
      this.#writingSince = undefined;
      if (error !== null) this.#drop(rest, error);
      else if (this.#pending.length >= batchChars) this.#begin();
    });
  }

  #take(): string {
    const text = this.#torn && this.#pending !== '' ? `\n${this.#pending}` : this.#pending;
    this.#pending = '';
    return text;
  }

  /** What is left after `count` bytes went out. */
  #written(bytes: Buffer, count: number): Buffer {
    this.#broken = false;
    this.#torn = count < bytes.length;
    return bytes.subarray(count);
  }

  #drop(bytes: Buffer, error: unknown): void {
    // A newline in front ends the line before, which went out.
    for (const byte of bytes.subarray(1)) if (byte === 0x0a) this.dropped += 1;
    if (this.#broken) return;
    this.#broken = true;
    const why = error instanceof Error ? error.message : String(error);
    try {
      writeSync(2, `Log lines are dropped: ${this.#file ?? 'standard output'} does not take them: ${why}\n`);
    } catch {
      // Nobody is left to tell.
    }
  }

  /** Opened at the first write; again after a failure to. */
  #open(): number {
    if (this.#file === undefined) return 1;
    if (this.#fd === undefined) {
      makeDirectories(dirname(this.#file));
      this.#fd = openSync(this.#file, 'a');
    }
    return this.#fd;
  }
}

function isPipeFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
