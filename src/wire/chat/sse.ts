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
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';
  #data: string[] = [];
  #dataChars = 0;
  #done = false;

  /** @param maxBytes a longer event breaks the stream */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The data of the events that are whole now; those after `[DONE]` are not read. Throws `BrokenSse`. */
  push(chunk: Uint8Array): string[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    const events: string[] = [];
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#text);
      if (end === null) {
        if (this.#text.length + this.#dataChars > this.#maxBytes)
          throw new BrokenSse(`an event is longer than ${this.#maxBytes} bytes`);
        return events;
      }
      const line = this.#text.slice(0, end.index);
      this.#text = this.#text.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
  }

  /** The connection ended in order. Throws `BrokenSse` if `[DONE]` had not come. */
  end(): void {
    if (!this.#done) throw new BrokenSse('the stream ended before [DONE]');
  }

  #line(line: string): string | undefined {
    if (line !== '') {
      const [, value] = /^data(?:: ?(.*))?$/.exec(line) ?? [];
      if (value !== undefined || line === 'data') {
        this.#data.push(value ?? '');
        this.#dataChars += line.length;
      }
      return undefined;
    }
    if (this.#data.length === 0 || this.#done) return undefined;
    const data = this.#data.join('\n');
    this.#data = [];
    this.#dataChars = 0;
    if (data !== done) return data;
    this.#done = true;
    return undefined;
  }
}
