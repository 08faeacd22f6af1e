/** The end of a stream in OpenAI's protocol. */
const done = '[DONE]';

/** The stream cannot be read on, or ended before it said so. */
export class BrokenSse extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokenSse';
  }
}

/**
 * Cuts `text/event-stream` into the data of its events, however it is chunked (HTML standard, "Server-sent events"):
 * lines end in LF, CR or both, several `data` lines are one text, and what is no data is passed over.
 */
export class SseDecoder {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  /** Pieces of a line whose end has not come. Kept apart: looked at anew with each piece, a long one costs its square. */
  #pieces: string[] = [];
  #pieceChars = 0;
  #data: string[] = [];
  #dataChars = 0;
  /** Whether what came last was a CR: an LF after it is the same line's end. */
  #endedInCr = false;
  #done = false;

  /** @param maxBytes a longer event breaks the stream */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Held of an event that is not whole yet, in characters. */
  get held(): number {
    return this.#pieceChars + this.#dataChars;
  }

  /** The data of the events that are whole now; those after `[DONE]` are not read. Throws `BrokenSse`. */
  push(chunk: Uint8Array): string[] {
    const text = this.#decoder.decode(chunk, { stream: true });
    if (text === '') return [];
    const events: string[] = [];
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = this.#endedInCr && text.startsWith('\n') ? 1 : 0;
    let from = lineEnd.lastIndex;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const event = this.#line(this.#joined(text.slice(from, end.index)));
      if (event !== undefined) events.push(event);
      from = lineEnd.lastIndex;
    }
    this.#endedInCr = text.endsWith('\r');
    if (from < text.length) this.#pieces.push(text.slice(from));
    this.#pieceChars += text.length - from;
    if (this.held <= this.#maxBytes) return events;
    throw new BrokenSse(`an event is longer than ${this.#maxBytes} bytes`);
  }

  /** The connection ended in order. Throws `BrokenSse` if `[DONE]` had not come. */
  end(): void {
    if (!this.#done) throw new BrokenSse('the stream ended before [DONE]');
  }

  /** A line of the pieces that came before and its last one. */
  #joined(last: string): string {
    if (this.#pieces.length === 0) return last;
    const line = this.#pieces.join('') + last;
    this.#pieces = [];
    this.#pieceChars = 0;
    return line;
  }

  #line(line: string): string | undefined {
    if (line !== '') {
      const [, value] = /^data(?:: ?(.*))?$/s.exec(line) ?? [];
      if (value !== undefined || line === 'data') {
        this.#data.push(value ?? '');
        this.#dataChars += line.length;
      }
      return undefined;
    }
    if (this.#data.length === 0) return undefined;
    const data = this.#data.join('\n');
    this.#data = [];
    this.#dataChars = 0;
    if (this.#done) return undefined;
    if (data !== done) return data;
    this.#done = true;
    return undefined;
  }
}
