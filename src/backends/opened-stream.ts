import { type Cancel, type Clock, timeLimit } from '../core/clock.ts';
import type { StreamSettings } from '../core/model.ts';
import { type AnswerStream, type AttemptResult, buffersFull, type Memory, type StreamEvent } from '../core/result.ts';
import { fromFailure, type Unfinished } from './failures.ts';
import type { IncomingBytes } from './incoming-bytes.ts';
import type { FailureKind, TransportFailure } from './transport-call.ts';

/** Cuts bytes into the events of one protocol. */
export interface EventReader {
  /** The events that are whole now, and the failure that ended the stream after them, if one did. Never throws. */
  push(chunk: Buffer): { readonly events: readonly StreamEvent[]; readonly failure?: Unfinished };
  /** The connection ended in order: whether the stream was whole. */
  end(): Unfinished;
  /** Bytes of an event that is not whole yet. */
  readonly held: number;
}

/**
 * What a stream may hold although there is no room: about a read of its connection and what that held of events. Readers
 * who keep up need no more, and go on while slow ones have filled the memory.
 */
const alwaysBytes = 131_072;

/** What opening a stream needs to know. */
export interface Opening {
  readonly clock: Clock;
  readonly bytes: IncomingBytes;
  readonly reader: EventReader;
  readonly settings: StreamSettings;
  /** When the call was sent, monotonic ms. */
  readonly startedAt: number;
  /** For the first content, counted from `startedAt`. */
  readonly contentMs: number;
  /** What is held is counted there: events that wait for their reader, of which at most `maxBytes` are held back. */
  readonly memory: Memory;
  readonly maxBytes: number;
}

/** A stream whose first content is there. */
export interface OpenedStream {
  readonly stream: Pick<AnswerStream, 'events' | 'ended'>;
  /** From sending, ms. */
  readonly firstContentMs: number;
}

/**
 * Waits for a stream's first content, or for more of it where `rescue` says so. A failure until then is an attempt's
 * like any other; from then on the stream is the caller's, and `ended` tells how it went. Never rejects.
 */
export async function openStream(opening: Opening): Promise<OpenedStream | Unfinished> {
  return new StreamReading(opening).open();
}

class StreamReading {
  readonly #opening: Opening;
  readonly #ended = Promise.withResolvers<AttemptResult>();
  readonly #cancelTotal: Cancel;
  #queue: StreamEvent[] = [];
  /** Of events that nobody has taken yet, the one being written among them. */
  #waitingBytes = 0;
  /** Bytes counted in `memory`. */
  #held = 0;
  #firstContentAt: number | undefined;
  /** Nothing is held back any more: what ends the stream now, its caller sees. */
  #goesOut = false;
  #ending: Unfinished | undefined;
  #reading: Promise<Buffer | 'end' | TransportFailure> | undefined;

  constructor(opening: Opening) {
    this.#opening = opening;
    const { clock, bytes, settings } = opening;
    this.#cancelTotal = timeLimit(clock, settings.totalMs, () =>
      // While the caller's own pace holds the stream up, its length is not the upstream's fault.
      this.#giveUp(this.#reading === undefined ? 'cancelled' : 'timeout', 'TOTAL_TIMEOUT', tooLong(settings.totalMs)),
    );
    // A caller who left reads no more, so this is heard apart from the reading.
    bytes.closed.then(end => {
      if (end !== 'end') this.#finish(fromFailure(end));
    });
  }

  async open(): Promise<OpenedStream | Unfinished> {
    while (this.#ending === undefined && !this.#mayGoOut()) await this.#hold();
    const failed = this.#ending !== undefined && this.#ending.outcome !== 'ok';
    if (failed) {
      this.#count(0);
      return this.#ending as Unfinished;
    }
    this.#goesOut = true;
    const firstContentMs = (this.#firstContentAt ?? this.#opening.clock.now()) - this.#opening.startedAt;
    return { stream: { events: this.#events(), ended: this.#ended.promise }, firstContentMs };
  }

  #mayGoOut(): boolean {
    const { rescue, window } = this.#opening.settings;
    if (this.#firstContentAt === undefined || rescue === 'buffered') return false;
    return rescue === 'none' || this.#waitingBytes >= window.bytes || this.#windowMs(this.#firstContentAt) <= 0;
  }

  #windowMs(firstContentAt: number): number {
    return firstContentAt + this.#opening.settings.window.ms - this.#opening.clock.now();
  }

  /** Reads on while nothing goes out yet. */
  async #hold(): Promise<void> {
    const { clock, contentMs, startedAt, settings, maxBytes } = this.#opening;
    const first = this.#firstContentAt;
    if (first === undefined) await this.#fill(contentMs - (clock.now() - startedAt), 'FIRST_CONTENT_TIMEOUT');
    else
      await this.#fill(
        settings.idleMs,
        'IDLE_TIMEOUT',
        settings.rescue === 'restart' ? this.#windowMs(first) : undefined,
      );
    if (this.#waitingBytes > maxBytes) this.#giveUp('too-large', 'RESPONSE_TOO_LARGE', `longer than ${maxBytes} bytes`);
  }

  async *#events(): AsyncGenerator<StreamEvent> {
    try {
      for (;;) {
        for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) yield event;
        this.#waitingBytes = 0;
        this.#count(this.#opening.reader.held);
        if (this.#ending !== undefined) return;
        await this.#fill(this.#opening.settings.idleMs, 'IDLE_TIMEOUT');
      }
    } finally {
      this.#count(0);
      if (this.#ending === undefined) this.#giveUp('cancelled', 'ABORTED', 'the reader left');
    }
  }

  /** Waits for more bytes, giving the stream up after `limitMs`; returns after `patienceMs` in any case. */
  async #fill(limitMs: number, code: string, patienceMs?: number): Promise<void> {
    const { clock, bytes } = this.#opening;
    this.#reading ??= bytes.read();
    const cancel = timeLimit(clock, Math.max(0, limitMs), () => this.#giveUp('timeout', code, tooLong(limitMs)));
    const read = patienceMs === undefined ? await this.#reading : await this.#withPatience(this.#reading, patienceMs);
    cancel();
    if (read === 'not yet') return;
    this.#reading = undefined;
    if (read === 'end') this.#finish(this.#opening.reader.end());
    else if (Buffer.isBuffer(read)) this.#take(read);
    else this.#finish(fromFailure(read));
  }

  #withPatience(
    reading: Promise<Buffer | 'end' | TransportFailure>,
    patienceMs: number,
  ): Promise<Buffer | 'end' | 'not yet' | TransportFailure> {
    const waited = Promise.withResolvers<'not yet'>();
    const cancel = this.#opening.clock.after(Math.max(0, patienceMs), () => waited.resolve('not yet'));
    return Promise.race([reading, waited.promise]).finally(cancel);
  }

  #take(chunk: Buffer): void {
    const { events, failure } = this.#opening.reader.push(chunk);
    for (const event of events) {
      this.#queue.push(event);
      this.#waitingBytes += event.frame.length;
      if (event.payload.length > 0) this.#firstContentAt ??= this.#opening.clock.now();
    }
    if (failure !== undefined) {
      this.#finish(failure);
      this.#opening.bytes.giveUp({ kind: 'cancelled', code: 'ABORTED', message: 'the stream ended', sent: true });
    } else if (!this.#count(this.#waitingBytes + this.#opening.reader.held))
      this.#giveUp('no-room', buffersFull, 'this process holds as many bytes as it may');
  }

  /** Counts that many bytes as held from now on; false when there is no room for them. */
  #count(bytes: number): boolean {
    const { memory } = this.#opening;
    if (bytes < this.#held) memory.give(this.#held - bytes);
    else if (!memory.tryTake(bytes - this.#held)) return this.#goesOut && bytes <= alwaysBytes;
    this.#held = bytes;
    return true;
  }

  #giveUp(kind: FailureKind, code: string, message: string): void {
    const failure: TransportFailure = { kind, code, message, sent: true };
    this.#finish(fromFailure(failure));
    this.#opening.bytes.giveUp(failure);
  }

  #finish(ending: Unfinished): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#cancelTotal();
    const { clock, startedAt } = this.#opening;
    const { answer: _, ...result } = ending;
    this.#ended.resolve({
      ...result,
      durationMs: clock.now() - startedAt,
      ...(this.#firstContentAt !== undefined && { firstContentMs: this.#firstContentAt - startedAt }),
    });
  }
}

function tooLong(limitMs: number): string {
  return `took longer than ${Math.round(limitMs)} ms`;
}
