import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Caller } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import { authorize } from '../security/callers.ts';
import { callerWithoutBody } from './admit.ts';
import { clientAttempt, readFields, readHints, validTraceparent } from './fields.ts';
import type { JobRoutePorts } from './jobs-ports.ts';
import { payloadOf } from './payload.ts';
import { breakOffWhenStalled, hasConnectionHeader } from './reader.ts';
import { renderPlainError } from './v1.ts';

type ById = FastifyRequest<{ Params: { id: string } }>;
type ByModel = FastifyRequest<{ Params: { model: string } }>;

/** Jobs: a payload in, a place to ask at; no AWS tooling. */
export function jobRoutes(server: FastifyInstance, ports: JobRoutePorts): void {
  const guarded =
    <R extends FastifyRequest>(handle: (http: R, reply: FastifyReply) => Promise<FastifyReply>) =>
    async (http: R, reply: FastifyReply): Promise<FastifyReply> => {
      reply.headers({ 'x-amzn-requestid': http.id, 'x-meridian-request-id': http.id });
      try {
        return await handle(http, reply);
      } catch (thrown) {
        return sendError(ports, thrown, http, reply);
      }
    };
  server.post('/v1/models/:model/jobs', guarded<ByModel>(createJob(ports)));
  server.get(
    '/v1/jobs/:id',
    guarded<ById>(async (http, reply) => reply.send(await ports.find(http.params.id, callerOf(ports, http)))),
  );
  server.get(
    '/v1/jobs/:id/result',
    guarded<ById>(async (http, reply) => {
      const { bytes, contentType, body } = await ports.result(http.params.id, callerOf(ports, http));
      reply.headers({ 'content-type': contentType, 'content-length': bytes });
      breakOffWhenStalled(reply.raw, ports.limits().idleMs);
      return reply.send(Readable.from(body, { objectMode: false }));
    }),
  );
  server.delete(
    '/v1/jobs/:id',
    guarded<ById>(async (http, reply) => {
      const job = await ports.withdraw(http.params.id, callerOf(ports, http));
      return job === undefined ? reply.code(204).send() : reply.send(job);
    }),
  );
}

function callerOf(ports: JobRoutePorts, { raw }: FastifyRequest): Caller {
  return callerWithoutBody(ports, raw);
}

/** A payload goes to the buckets as it comes, so no signature over it can be checked first. */
function uploader(ports: JobRoutePorts, { raw }: FastifyRequest): Caller {
  const identity = ports.identify({ method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers });
  if (identity.by !== 'signature') return identity.caller;
  throw new GatewayError('unauthenticated', 'A job’s payload cannot be signed: send the key as x-api-key.');
}

/** Who, what, may they; then the payload, which goes to the buckets as it comes. */
function createJob(ports: JobRoutePorts) {
  return async (http: ByModel, reply: FastifyReply): Promise<FastifyReply> => {
    const startedAt = ports.clock.now();
    const seen: Seen = { model: undefined, caller: undefined, bytes: 0, held: 0, error: undefined, leave: undefined };
    const { maxBytes, idleMs, heldBytes } = ports.limits();
    try {
      seen.caller = uploader(ports, http);
      seen.model = ports.model(http.params.model);
      if (seen.model === undefined)
        throw new GatewayError('unknown-model', 'No model of this name is configured here: check the name.');
      authorize(seen.caller, seen.model.name, 'queue');
      seen.leave = await ports.tenants.enter(seen.caller);
      const { model, caller } = seen;
      const hints = readHints(http.headers, http.params.model);
      const request = { id: http.id, model, caller, fields: readFields(http.headers), hints };
      const length = Math.min(heldBytes, Number(http.headers['content-length'] ?? heldBytes));
      ports.admission.take(length); // a payload that does not fit now is refused unread
      ports.admission.give(length);
      const payload = payloadOf(http.raw, { clock: ports.clock, maxBytes, idleMs });
      const job = await ports.accept(request, counted(payload, seen, ports.admission, heldBytes));
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    } catch (thrown) {
      seen.error = asGatewayError(ports, thrown, http.id);
      // The rest of the payload is not wanted.
      if (!http.raw.complete && hasConnectionHeader(reply.raw)) reply.header('connection', 'close');
      throw seen.error;
    } finally {
      ports.admission.give(seen.held);
      seen.leave?.();
      complete(ports, http, seen, startedAt);
    }
  };
}

/** What is known of a call by its end. */
interface Seen {
  model: Model | undefined;
  caller: Caller | undefined;
  bytes: number;
  /** Of memory. */
  held: number;
  error: GatewayError | undefined;
  /** Gives back what the tenant's limits let in. */
  leave: (() => void) | undefined;
}

/** Buffers of parts double as they grow. */
const heldPerByte = 2;

/** Memory is admitted as the payload arrives: a length that is announced and nothing more must keep nobody out. */
async function* counted(
  payload: AsyncIterable<Buffer>,
  seen: Seen,
  admission: Admission,
  heldBytes: number,
): AsyncGenerator<Buffer> {
  for await (const chunk of payload) {
    seen.bytes += chunk.length;
    const needed = Math.min(heldPerByte * seen.bytes, heldBytes);
    if (needed > seen.held) admission.take(needed - seen.held);
    seen.held = Math.max(needed, seen.held);
    yield chunk;
  }
}

function complete(ports: JobRoutePorts, http: FastifyRequest, seen: Seen, startedAt: number): void {
  const durationMs = ports.clock.now() - startedAt;
  ports.emit({
    type: 'request-finished',
    requestId: http.id,
    protocol: 'jobs',
    model: seen.model?.name,
    caller: seen.caller,
    status: seen.error?.status ?? 202,
    error: seen.error?.code,
    served: undefined,
    attempts: [],
    requestBytes: seen.bytes,
    responseBytes: 0,
    clientAttempt: clientAttempt(http.headers['amz-sdk-request']),
    traceparent: validTraceparent(http.headers['traceparent']),
    durationMs,
    receivingMs: durationMs, // storing goes at the pace of the payload
    upstreamMs: 0,
  });
}

function asGatewayError(ports: JobRoutePorts, thrown: unknown, requestId: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  ports.onFault(thrown, requestId);
  return new GatewayError('internal', 'The gateway failed on this request: report the request id.');
}

function sendError(ports: JobRoutePorts, thrown: unknown, { id }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asGatewayError(ports, thrown, id);
  const { headers, body } = renderPlainError(error, id);
  return reply.code(error.status).headers(headers).send(body);
}
