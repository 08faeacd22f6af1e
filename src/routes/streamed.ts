import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Answer, AnswerStream, AttemptResult, Served, StreamEvent } from '../core/result.ts';
import { type Call, servedHeaders } from './call.ts';
import { breakOff, breakOffWhenStalled, hasLeft, slices } from './reader.ts';

/** How one protocol writes an answer event by event. */
export interface StreamEncoding {
  /** The request header that names the formats the caller takes. */
  readonly acceptHeader: string;
  /** Whether these callers can read nothing else; others get a whole answer of a model that cannot stream. */
  readonly required: boolean;
  /** Of the answer, made of the model's own. */
  headers(own: Answer['headers']): Record<string, string>;
  event(event: StreamEvent, framing: AnswerStream['framing']): Buffer;
  /** What follows the last event of a whole stream. */
  end?(): Buffer;
  /** A whole answer, such as a substitute, for a caller who asked for a stream. Throws `no-target-available` if it cannot be one. */
  whole(answer: Answer): Answer;
  /** What ends a stream that is not whole; undefined where only a broken connection can say so. */
  failure(error: GatewayError, headers: Answer['headers'], requestId: string): Buffer | undefined;
}

/** What sending a stream needs of the rest. */
export interface StreamPorts {
  readonly clock: Clock;
  readonly draining: boolean;
  /** A caller that takes nothing for this long is cut off. */
  stalledReaderMs(): number;
}

/** Sends a stream at the reader's pace. What breaks it is told in the caller's protocol; resolves when all is over. */
export async function sendStream(
  ports: StreamPorts,
  reply: FastifyReply,
  call: Call,
  served: Served,
  stream: AnswerStream,
  encoding: StreamEncoding,
): Promise<FastifyReply> {
  const { raw } = reply.hijack();
  raw.writeHead(
    served.answer.status,
    servedHeaders(ports, reply, call, served, encoding.headers(served.answer.headers)),
  );
  for await (const event of stream.events) {
    const bytes = encoding.event(event, stream.framing);
    call.responseBytes += bytes.length;
    if (!(await written(raw, bytes, ports))) break;
  }
  const ending = await stream.ended;
  remember(call, served, ending);
  breakOffWhenStalled(raw, ports.clock, ports.stalledReaderMs()); // of what is still to be taken
  if (ending.outcome === 'ok' && !hasLeft(raw)) raw.end(encoding.end?.());
  else if (hasLeft(raw)) call.error = 'client-closed';
  else endBroken(raw, call, served, ending, encoding);
  return reply;
}

/** The last attempt of the trail is over only now. */
function remember(call: Call, served: Served, ending: AttemptResult): void {
  const { attempts, upstreamMs } = served;
  const last = attempts.at(-1);
  if (last === undefined) return;
  call.attempts = [...attempts.slice(0, -1), { ...last, result: ending }];
  call.upstreamMs = upstreamMs + ending.durationMs - last.result.durationMs;
}

function endBroken(
  raw: ServerResponse,
  call: Call,
  served: Served,
  ending: AttemptResult,
  encoding: StreamEncoding,
): void {
  const why = ending.error === undefined ? '' : ` (${ending.error.type})`;
  const error = new GatewayError('stream-broken', `The answer ended before it was whole${why}: repeat the call.`);
  call.error = error.code;
  const bytes = encoding.failure(error, served.answer.headers, call.requestId);
  if (bytes === undefined) breakOff(raw);
  else raw.end(bytes);
}

/** Whether the reader is still there. */
async function written(raw: ServerResponse, bytes: Buffer, ports: StreamPorts): Promise<boolean> {
  for (const slice of slices(bytes)) if (!raw.write(slice) && !(await drained(raw, ports))) return false;
  return true;
}

/** Whether the reader took what it was sent. One that takes too long is cut off. */
function drained(raw: ServerResponse, ports: StreamPorts): Promise<boolean> {
  return new Promise(resolve => {
    const finish = (goOn: boolean) => {
      cancel();
      raw.off('drain', onDrain).off('close', onClose);
      resolve(goOn);
    };
    const onDrain = () => finish(true);
    const onClose = () => finish(false);
    const cancel = ports.clock.after(ports.stalledReaderMs(), () => breakOff(raw));
    if (hasLeft(raw)) return finish(false);
    raw.on('drain', onDrain).on('close', onClose);
  });
}

/** For a substitute that is no message of the protocol it would stand in for. */
export function noSubstitute(): GatewayError {
  return new GatewayError(
    'no-target-available',
    'No target answers now, and what would stand in is no message of this protocol: repeat the call later.',
  );
}
