import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Caller } from '../core/request.ts';
import type { Identify } from '../security/callers.ts';
import type { Limits } from '../security/limits.ts';
import { callerWithoutBody } from './admit.ts';
import { clientAttempt, validTraceparent } from './fields.ts';
import { hasConnectionHeader } from './reader.ts';
import { renderPlainError } from './v1.ts';

/** What calls about work that is done later need of the gateway: jobs and batches. */
export interface LaterPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly identify: Identify;
  /** Limits of tenants. */
  readonly tenants: Pick<Limits, 'enter'>;
  /** By name or alias. */
  model(name: string): Model | undefined;
  onFault(error: unknown, requestId: string): void;
}

/** What is known of a call that hands work in by its end. */
export interface HandedIn {
  model: Model | undefined;
  caller: Caller | undefined;
  bytes: number;
  /** Gives back what the tenant's limits let in. */
  leave: (() => void) | undefined;
}

/** Answers a call that hands work in, with what `accept` resolves to; told like any other call when it is over. */
export function handingIn<R extends FastifyRequest>(
  ports: LaterPorts,
  path: string,
  accept: (http: R, seen: HandedIn) => Promise<{ readonly id: string }>,
) {
  return async (http: R, reply: FastifyReply): Promise<FastifyReply> => {
    const startedAt = ports.clock.now();
    const seen: HandedIn = { model: undefined, caller: undefined, bytes: 0, leave: undefined };
    let error: GatewayError | undefined;
    reply.headers({ 'x-amzn-requestid': http.id, 'x-meridian-request-id': http.id });
    try {
      const work = await accept(http, seen);
      return reply.code(202).header('location', `${path}/${work.id}`).send(work);
    } catch (thrown) {
      error = asGatewayError(ports, thrown, http.id);
      // The rest of the body is not wanted.
      if (!http.raw.complete && hasConnectionHeader(reply.raw)) reply.header('connection', 'close');
      return sendError(error, http.id, reply);
    } finally {
      seen.leave?.();
      tell(ports, http, seen, error, startedAt);
    }
  };
}

type ById = FastifyRequest<{ Params: { id: string } }>;

/** Answers a call about one piece of work, and tells that it was asked. */
export function asking(
  ports: LaterPorts,
  kind: 'job' | 'batch',
  what: 'look' | 'result' | 'remove',
  handle: (id: string, caller: Caller, reply: FastifyReply) => Promise<FastifyReply>,
) {
  return async (http: ById, reply: FastifyReply): Promise<FastifyReply> => {
    const startedAt = ports.clock.now();
    const { id: requestId } = http;
    const { id } = http.params;
    reply.headers({ 'x-amzn-requestid': requestId, 'x-meridian-request-id': requestId });
    let caller: Caller | undefined;
    let error: GatewayError | undefined;
    try {
      caller = callerWithoutBody(ports, http.raw);
      return await handle(id, caller, reply);
    } catch (thrown) {
      error = asGatewayError(ports, thrown, requestId);
      return sendError(error, requestId, reply);
    } finally {
      const durationMs = ports.clock.now() - startedAt;
      const status = error?.status ?? reply.statusCode;
      const tenant = caller?.tenant;
      ports.emit({ type: 'work-asked', requestId, kind, what, id, tenant, status, error: error?.code, durationMs });
    }
  };
}

function tell(
  ports: LaterPorts,
  http: FastifyRequest,
  { model, caller, bytes }: HandedIn,
  error: GatewayError | undefined,
  startedAt: number,
): void {
  const durationMs = ports.clock.now() - startedAt;
  ports.emit({
    type: 'request-finished',
    requestId: http.id,
    protocol: 'jobs',
    model: model?.name,
    caller,
    status: error?.status ?? 202,
    error: error?.code,
    served: undefined,
    attempts: [],
    requestBytes: bytes,
    responseBytes: 0,
    clientAttempt: clientAttempt(http.headers['amz-sdk-request']),
    traceparent: validTraceparent(http.headers['traceparent']),
    durationMs,
    receivingMs: durationMs, // storing goes at the pace of the payload
    upstreamMs: 0,
  });
}

function asGatewayError(ports: LaterPorts, thrown: unknown, requestId: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  ports.onFault(thrown, requestId);
  return new GatewayError('internal', 'The gateway failed on this request: report the request id.');
}

function sendError(error: GatewayError, requestId: string, reply: FastifyReply): FastifyReply {
  const { headers, body } = renderPlainError(error, requestId);
  return reply.code(error.status).headers(headers).send(body);
}
