import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Admission } from '../security/admission.ts';
import { BodyBytes } from './body-bytes.ts';
import { cameWhole } from './reader.ts';

/** By when a body must be here. */
export interface ReadingLimit {
  readonly clock: Clock;
  readonly limitMs: number;
}

/** A whole request body and the memory it holds; `release` gives that memory back, once. */
export interface HeldBody {
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
  release(): void;
}

const empty: HeldBody = { ...new BodyBytes(undefined).finish(), release: () => {} };

/**
 * Reads a body whole. Its memory is admitted as it arrives: an announced length holds nothing, or a few idle connections
 * could keep everyone out; but one that does not fit now is refused before its first byte is read. Throws `too-large` or
 * `buffers-full`, and `client-closed` when the caller goes away midway.
 */
export async function readBody(
  message: IncomingMessage,
  maxBytes: number,
  admission: Admission,
  limit?: ReadingLimit,
): Promise<HeldBody> {
  const announced = message.headers['content-length'];
  const length = announced === undefined ? undefined : Number(announced);
  // Over HTTP/2 a body needs no announcement: an empty one just ends.
  const announcedNone = message.httpVersionMajor === 1 && message.headers['transfer-encoding'] === undefined;
  if (length === 0 || (length === undefined && announcedNone)) {
    message.resume();
    return empty;
  }
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  const memory = new HeldMemory(admission);
  if (length !== undefined && !memory.growTo(length)) throw buffersFull();
  memory.release();
  return gather(message, new BodyBytes(length), maxBytes, memory, limit);
}

/** What one body holds of the process' memory. */
class HeldMemory {
  readonly #admission: Admission;
  #held = 0;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** False, changing nothing, when there is no room. */
  growTo(bytes: number): boolean {
    if (bytes <= this.#held) return true;
    if (!this.#admission.tryTake(bytes - this.#held)) return false;
    this.#held = bytes;
    return true;
  }

  release(): void {
    this.#admission.give(this.#held);
    this.#held = 0;
  }
}

function gather(
  message: IncomingMessage,
  body: BodyBytes,
  maxBytes: number,
  memory: HeldMemory,
  limit: ReadingLimit | undefined,
): Promise<HeldBody> {
  return new Promise((resolve, reject) => {
    const fail = (error: GatewayError) => {
      cancel();
      message.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      memory.release();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      if (body.received + chunk.length > maxBytes) return fail(tooLarge(maxBytes));
      if (!memory.growTo(body.bytesHeldWith(chunk.length))) return fail(buffersFull());
      body.add(chunk);
    };
    const onEnd = () => {
      if (!cameWhole(message)) return onGone();
      cancel();
      message.off('error', onGone).off('close', onGone);
      resolve({ ...body.finish(), release: () => memory.release() });
    };
    const onGone = () => fail(new GatewayError('client-closed', 'The caller went away before the request was whole.'));
    const cancel = limit?.clock.after(limit.limitMs, () => fail(late())) ?? (() => {});
    message.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function late(): GatewayError {
  return new GatewayError('body-timeout', 'The request did not arrive in time: send it faster, or send less.');
}

/** For a body longer than a model or an API takes. */
export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('too-large', `The body is larger than the ${maxBytes} bytes taken here: send less per call.`);
}

function buffersFull(): GatewayError {
  return new GatewayError('buffers-full', 'The gateway holds as many bytes as it may: repeat the call shortly.');
}
