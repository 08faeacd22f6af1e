import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { prediction } from '../payload.ts';

/** Length of the first whole HTTP/1.1 answer in `text`; undefined while bytes are missing. */
export function answerLength(text: string): number | undefined {
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  if (bodyAt === 3) return undefined;
  const head = text.slice(0, bodyAt);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length < bodyAt + Number(length) ? undefined : bodyAt + Number(length);
  const end = text.indexOf('\r\n0\r\n\r\n', bodyAt - 2); // chunked
  return end === -1 ? undefined : end + 7;
}

/** How long an answer may take. */
const patienceMs = 30_000;

/** A keep-alive connection that costs the load generator little: bytes written as they are, answers barely read. */
export class Connection {
  readonly #socket: Socket;
  readonly #expected: string;
  #received = '';
  #done: ((wrong?: string) => void) | undefined;

  private constructor(socket: Socket, expected: string) {
    this.#socket = socket;
    this.#expected = expected;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', error => this.#finish(error.message));
    socket.on('close', () => this.#finish('connection closed'));
  }

  /** @param expected what every right answer holds */
  static async open(port: number, expected = prediction): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket, expected);
  }

  static openMany(port: number, count: number, expected?: string): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(port, expected)));
  }

  /** Sends one request; `done` gets nothing when the right answer came back, else what came instead. */
  send(request: Buffer, done: (wrong?: string) => void): void {
    this.#done = done;
    if (this.#socket.destroyed) this.#finish('connection closed');
    else this.#socket.write(request);
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    if (answerLength(this.#received) === undefined) return;
    const answer = this.#received;
    this.#received = '';
    this.#finish(answer.startsWith('HTTP/1.1 200') && answer.includes(this.#expected) ? undefined : answer);
  }

  #finish(wrong?: string): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(wrong);
  }
}
