import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { Emit, Protocol } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Caller, InferenceRequest } from '../core/request.ts';
import type { Answer, Attempt, Served } from '../core/result.ts';
import { CallFailed } from '../inference/call-failed.ts';
import type { Admission } from '../security/admission.ts';
import { type Authenticate, authorize } from '../security/callers.ts';
import { type HeldBody, readBody } from './body.ts';
import { readFields, readHints } from './fields.ts';

/** What the invoke routes need of the gateway. `model` and `authenticate` follow the config in force. */
export interface InvokePorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly admission: Admission;
  readonly authenticate: Authenticate;
  /** By name or alias. */
  model(name: string): Model | undefined;
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  /** Hears of a fault of the gateway's own: a bug, for the log. */
  onFault(error: unknown, requestId: string): void;
  /** A caller that takes none of its answer for this long is cut off: it would hold the answer's memory. */
  stalledReaderMs(): number;
  /** Requests being served, for the gauge. */
  readonly inFlight: { requests: number };
  readonly draining: boolean;
}

/** What differs between the protocols that carry opaque bytes. */
export interface InvokeProtocol {
  readonly name: Protocol;
  /** An error of the gateway's in this protocol's shape. */
  error(error: GatewayError, requestId: string): { headers: Record<string, string>; body: string };
  /** A model's refusal, which comes in the AWS shape, in this protocol's. */
  refusal(answer: Answer, requestId: string): Answer;
}

const traceparent = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What is known of a call so far; what the completion event is made of, however the call ends. */
interface Call {
  readonly requestId: string;
  /** When its headers came, monotonic ms. */
  readonly startedAt: number;
  /** Spent waiting for the caller's bytes, ms. */
  receivingMs: number;
  readonly clientAttempt: number;
  readonly traceparent: string | undefined;
  model: Model | undefined;
  caller: Caller | undefined;
  body: HeldBody | undefined;
  /** Memory held by the answer. */
  answerBytes: number;
  served: Served | undefined;
  attempts: readonly Attempt[];
  upstreamMs: number;
  error: ErrorCode | undefined;
}

/** One handler for every route that takes opaque bytes for a model: headers first, then bytes, then serve, then answer. */
export function invokeHandler(ports: InvokePorts, protocol: InvokeProtocol) {
  return async (http: FastifyRequest<{ Params: { model: string } }>, reply: FastifyReply): Promise<FastifyReply> => {
    const call: Call = {
      requestId: http.id,
      startedAt: ports.clock.now(),
      receivingMs: 0,
      clientAttempt: clientAttempt(http.headers['amz-sdk-request']),
      traceparent: validTraceparent(http.headers['traceparent']),
      model: undefined,
      caller: undefined,
      body: undefined,
      answerBytes: 0,
      served: undefined,
      attempts: [],
      upstreamMs: 0,
      error: undefined,
    };
    const left = new AbortController();
    ports.inFlight.requests += 1;
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left.abort();
      ports.inFlight.requests -= 1;
      call.body?.release();
      ports.admission.give(call.answerBytes);
    });
    try {
      const request = await accept(ports, call, http.params.model, http.raw, left.signal);
      const found = await ports.serve(call.model as Model, request);
      const served = found.answer.status < 400 ? found : refused(protocol, found, call.requestId);
      call.served = served;
      call.attempts = served.attempts;
      call.upstreamMs = served.upstreamMs;
      holdAnswer(ports, call, served, reply);
      return sendServed(ports, reply, call, served);
    } catch (thrown) {
      const error = asGatewayError(ports, thrown, call);
      call.error = error.code;
      call.served = undefined;
      const { headers, body } = protocol.error(error, call.requestId);
      reply.code(error.status).headers(meridianHeaders(call, headers));
      if (ports.draining) reply.header('connection', 'close');
      return reply.send(body);
    } finally {
      complete(ports, protocol.name, call, reply.statusCode);
    }
  };
}

function refused(protocol: InvokeProtocol, served: Served, requestId: string): Served {
  return { ...served, answer: protocol.refusal(served.answer, requestId) };
}

/** Who, what, may they, then the bytes. Throws a `GatewayError`. */
async function accept(
  ports: InvokePorts,
  call: Call,
  name: string,
  message: IncomingMessage,
  signal: AbortSignal,
): Promise<InferenceRequest> {
  const { headers } = message;
  const apiKey = headers['x-api-key'];
  call.caller = ports.authenticate({
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    authorization: headers.authorization,
  });
  const model = ports.model(name);
  if (model === undefined)
    throw new GatewayError('unknown-model', 'No model of this name is configured here: check the name.');
  authorize(call.caller, model.name);
  call.model = model;
  const fields = readFields(headers);
  const hints = readHints(headers);
  call.body = await readBody(message, model.maxRequestBytes, ports.admission);
  const arrivedAt = ports.clock.now();
  call.receivingMs = arrivedAt - call.startedAt;
  const invocationId = headers['amz-sdk-invocation-id'];
  return {
    id: call.requestId,
    model: model.name,
    body: call.body.bytes,
    bodySha256: call.body.sha256,
    fields,
    hints,
    caller: call.caller,
    ...(typeof invocationId === 'string' && invocationId.length <= 64 && { invocationId }),
    clientAttempt: call.clientAttempt,
    ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
    arrivedAt,
    signal,
  };
}

/** `attempt=2; max=3` → 2. Anything else counts as a first attempt. */
function clientAttempt(header: string | string[] | undefined): number {
  const match = typeof header === 'string' ? /(?:^|;\s*)attempt=(\d{1,3})(?:;|$)/.exec(header) : null;
  return match === null ? 1 : Number(match[1]);
}

/** W3C Trace Context, version 00; anything else is not passed on. */
function validTraceparent(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && traceparent.test(header) ? header : undefined;
}

/** Counts the answer's bytes until they are written. */
function holdAnswer(ports: InvokePorts, call: Call, served: Served, reply: FastifyReply): void {
  if (served.cache === 'hit' || served.cache === 'stale') return; // the cache's own bound covers it
  if (reply.raw.closed) return; // nobody is left to write to, and nothing would give the bytes back
  ports.admission.take(served.answer.body.length);
  call.answerBytes = served.answer.body.length;
}

function sendServed(ports: InvokePorts, reply: FastifyReply, call: Call, served: Served): FastifyReply {
  const headers = meridianHeaders(call, served.answer.headers);
  const ownMs = Math.max(0, ports.clock.now() - call.startedAt - call.receivingMs - served.upstreamMs);
  headers['server-timing'] = `upstream;dur=${served.upstreamMs.toFixed(1)}, gateway;dur=${ownMs.toFixed(2)}`;
  if (served.ageSeconds !== undefined) headers['age'] = String(Math.floor(served.ageSeconds));
  if (ports.draining) headers['connection'] = 'close';
  reply.code(served.answer.status).headers(headers);
  reply.raw.socket?.setTimeout(ports.stalledReaderMs()); // Node destroys a socket on which no byte moves this long
  return reply.send(served.answer.body);
}

/** The answer's own headers and what every answer says of how it came about. */
function meridianHeaders(call: Call, own: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {
    ...own,
    'x-amzn-requestid': call.requestId,
    'x-meridian-request-id': call.requestId,
  };
  const { served, attempts } = call;
  if (attempts.length > 0) {
    headers['x-meridian-attempts'] = attempts.map(made => `${made.target.name}:${made.result.outcome}`).join(',');
  }
  if (served === undefined) return headers;
  headers['x-meridian-cache'] = served.cache;
  headers['x-meridian-fallback'] = served.fallback;
  if (served.version !== undefined) headers['x-meridian-model-version'] = served.version;
  if (served.fallback === 'model') headers['x-meridian-model'] = served.model;
  const target = served.target?.name ?? served.cachedFrom;
  if (target !== undefined) {
    headers['x-meridian-target'] = target;
    headers['x-meridian-region'] =
      served.target?.region ?? target.slice(target.indexOf('@') + 1, target.lastIndexOf('/'));
  }
  return headers;
}

function asGatewayError(ports: InvokePorts, thrown: unknown, call: Call): GatewayError {
  if (thrown instanceof CallFailed) {
    call.attempts = thrown.attempts;
    call.upstreamMs = thrown.upstreamMs;
    return thrown.error;
  }
  if (thrown instanceof GatewayError) return thrown;
  ports.onFault(thrown, call.requestId);
  return new GatewayError('internal', 'The gateway failed on this request: report the request id.');
}

function complete(ports: InvokePorts, protocol: Protocol, call: Call, status: number): void {
  ports.emit({
    type: 'request-finished',
    requestId: call.requestId,
    protocol,
    model: call.model?.name,
    caller: call.caller,
    status,
    error: call.error,
    served: call.served,
    attempts: call.attempts,
    requestBytes: call.body?.bytes.length ?? 0,
    responseBytes: call.served?.answer.body.length ?? 0,
    clientAttempt: call.clientAttempt,
    traceparent: call.traceparent,
    durationMs: ports.clock.now() - call.startedAt,
    receivingMs: call.receivingMs,
    upstreamMs: call.upstreamMs,
  });
}
