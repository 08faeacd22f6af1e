import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { Protocol } from '../core/events.ts';
import type { Served } from '../core/result.ts';
import { CallFailed } from '../inference/call-failed.ts';
import { accept } from './accept.ts';
import { type Call, meridianHeaders, servedHeaders } from './call.ts';
import { clientAttempt, validTraceparent } from './fields.ts';
import type { InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import { breakOff, breakOffWhenStalled, hasConnectionHeader, hasLeft, isWhole, paced, sliceBytes } from './reader.ts';
import { type StreamEncoding, sendStream } from './streamed.ts';

/** One handler for every route that takes opaque bytes for a model: headers first, then bytes, then serve, then answer. */
export function invokeHandler(ports: InvokePorts, protocol: InvokeProtocol) {
  return async (
    http: FastifyRequest<{ Params: { model?: string; version?: string } }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const call = newCall(ports, http.raw, http.id);
    const left = new AbortController();
    ports.inFlight.requests += 1;
    reply.raw.once('close', () => {
      if (!isWhole(reply.raw)) left.abort();
      ports.inFlight.requests -= 1;
      call.over = true;
      call.leave?.();
      call.body?.release();
      ports.admission.give(call.parsedBytes + call.answerBytes);
    });
    try {
      const { model, request, encoding } = await accept(ports, call, protocol, http.params, http.raw, left.signal);
      const found = await ports.serve(model, request);
      const served = found.answer.status < 400 ? found : refused(protocol, found, call.requestId);
      call.served = served;
      call.attempts = served.attempts;
      call.upstreamMs = served.upstreamMs;
      const { stream } = served.answer;
      if (encoding !== undefined && stream !== undefined)
        return await sendStream(ports, reply, call, served, stream, encoding);
      holdAnswer(ports, call, served, reply);
      return sendServed(ports, reply, call, encoding === undefined ? served : asOneEvent(served, encoding));
    } catch (thrown) {
      return sendError(ports, protocol, reply, call, asGatewayError(ports, thrown, call));
    } finally {
      complete(ports, protocol.name, call, reply.statusCode);
    }
  };
}

function newCall(ports: InvokePorts, message: { readonly headers: IncomingHttpHeaders }, requestId: string): Call {
  return {
    requestId,
    startedAt: ports.clock.now(),
    arrivedAt: 0,
    receivingMs: 0,
    clientAttempt: clientAttempt(message.headers['amz-sdk-request']),
    traceparent: validTraceparent(message.headers['traceparent']),
    model: undefined,
    identity: undefined,
    caller: undefined,
    permission: 'invoke',
    leave: undefined,
    over: false,
    body: undefined,
    parsedBytes: 0,
    answerBytes: 0,
    served: undefined,
    attempts: [],
    upstreamMs: 0,
    error: undefined,
    responseBytes: 0,
  };
}

/** In the caller's protocol; a stream that had begun can only be cut off. */
function sendError(
  ports: InvokePorts,
  protocol: InvokeProtocol,
  reply: FastifyReply,
  call: Call,
  error: GatewayError,
): FastifyReply {
  call.error = error.code;
  call.served = undefined;
  if (reply.sent) {
    breakOff(reply.raw);
    return reply;
  }
  const { status = error.status, headers, body } = protocol.error(error, call.requestId);
  reply.code(status).headers(meridianHeaders(call, headers));
  const over = ports.draining || error.code === 'body-timeout';
  if (over && hasConnectionHeader(reply.raw)) reply.header('connection', 'close');
  breakOffWhenStalled(reply.raw, ports.clock, ports.stalledReaderMs());
  return reply.send(body);
}

/** A substitute is whole, also for a caller who asked for a stream. */
function asOneEvent(served: Served, encoding: StreamEncoding): Served {
  return served.answer.status < 400 ? { ...served, answer: encoding.whole(served.answer) } : served;
}

function refused(protocol: InvokeProtocol, served: Served, requestId: string): Served {
  return { ...served, answer: protocol.refusal(served.answer, requestId) };
}

/** Counts the answer's bytes until they are written. */
function holdAnswer(ports: InvokePorts, call: Call, served: Served, reply: FastifyReply): void {
  if (served.cache === 'hit' || served.cache === 'stale') return; // the cache's own bound covers it
  if (hasLeft(reply.raw)) return; // nobody is left to write to, and nothing would give the bytes back
  ports.admission.take(served.answer.body.length);
  call.answerBytes = served.answer.body.length;
}

function sendServed(ports: InvokePorts, reply: FastifyReply, call: Call, served: Served): FastifyReply {
  const headers = servedHeaders(ports, reply, call, served, served.answer.headers);
  call.responseBytes = served.answer.body.length;
  reply.code(served.answer.status).headers(headers);
  return sendBody(ports, reply, served.answer.body);
}

/** Over HTTP/2 a long answer goes at its reader's pace: how much of one is taken cannot be seen otherwise. */
function sendBody({ clock, stalledReaderMs }: InvokePorts, reply: FastifyReply, body: Buffer): FastifyReply {
  if (hasConnectionHeader(reply.raw) || body.length <= sliceBytes) {
    breakOffWhenStalled(reply.raw, clock, stalledReaderMs());
    return reply.send(body);
  }
  reply.header('content-length', body.length);
  return reply.send(paced(reply.raw, [body], clock, stalledReaderMs()));
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
    responseBytes: call.responseBytes,
    clientAttempt: call.clientAttempt,
    traceparent: call.traceparent,
    durationMs: ports.clock.now() - call.startedAt,
    receivingMs: call.receivingMs,
    upstreamMs: call.upstreamMs,
  });
}
