import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { Caller } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import { allowedModel } from '../security/callers.ts';
import { readFields, readHints } from './fields.ts';
import type { JobRoutePorts } from './jobs-ports.ts';
import { asking, type HandedIn, handingIn } from './later.ts';
import { payloadOf } from './payload.ts';
import { paced } from './reader.ts';

type ByModel = FastifyRequest<{ Params: { model: string } }>;

/** Jobs: a payload in, a place to ask at; no AWS tooling. */
export function jobRoutes(server: FastifyInstance, ports: JobRoutePorts): void {
  server.post(
    '/v1/models/:model/jobs',
    handingIn<ByModel>(ports, '/v1/jobs', (http, seen) => createJob(ports, http, seen)),
  );
  server.get(
    '/v1/jobs/:id',
    asking(ports, 'job', 'look', async (id, caller, reply) => reply.send(await ports.find(id, caller))),
  );
  server.get(
    '/v1/jobs/:id/result',
    asking(ports, 'job', 'result', async (id, caller, reply) => {
      const { bytes, contentType, body } = await ports.result(id, caller);
      reply.headers({ 'content-type': contentType, 'content-length': bytes });
      return reply.send(paced(reply.raw, body, ports.clock, ports.limits().idleMs));
    }),
  );
  server.delete(
    '/v1/jobs/:id',
    asking(ports, 'job', 'remove', async (id, caller, reply) => {
      const job = await ports.withdraw(id, caller);
      return job === undefined ? reply.code(204).send() : reply.send(job);
    }),
  );
}

/** A payload goes to the buckets as it comes, so no signature over it can be checked first. */
function uploader(ports: JobRoutePorts, { raw }: FastifyRequest): Caller {
  const identity = ports.identify({ method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers });
  if (identity.by !== 'signature') return identity.caller;
  throw new GatewayError('unauthenticated', 'A job’s payload cannot be signed: send the key as x-api-key.');
}

/** Who, what, may they; then the payload, which goes to the buckets as it comes. */
async function createJob(ports: JobRoutePorts, http: ByModel, seen: HandedIn) {
  const { maxBytes, idleMs, heldBytes } = ports.limits();
  const caller = uploader(ports, http);
  seen.caller = caller;
  const model = allowedModel(ports.model(http.params.model), caller, 'queue');
  seen.model = model;
  seen.leave = await ports.tenants.enter(caller);
  const hints = readHints(http.headers, http.params.model);
  const request = { id: http.id, model, caller, fields: readFields(http.headers), hints };
  const length = Math.min(heldBytes, Number(http.headers['content-length'] ?? heldBytes));
  ports.admission.take(length); // a payload that does not fit now is refused unread
  ports.admission.give(length);
  const memory = { held: 0, mostBytes: heldBytes, admission: ports.admission };
  try {
    const payload = payloadOf(http.raw, { clock: ports.clock, maxBytes, idleMs });
    return await ports.accept(request, counted(payload, seen, memory));
  } finally {
    ports.admission.give(memory.held);
  }
}

/** Buffers of parts double as they grow. */
const heldPerByte = 2;

/** Memory is admitted as the payload arrives: a length that is announced and nothing more must keep nobody out. */
async function* counted(
  payload: AsyncIterable<Buffer>,
  seen: HandedIn,
  memory: { held: number; readonly mostBytes: number; readonly admission: Admission },
): AsyncGenerator<Buffer> {
  for await (const chunk of payload) {
    seen.bytes += chunk.length;
    const needed = Math.min(heldPerByte * seen.bytes, memory.mostBytes);
    if (needed > memory.held) memory.admission.take(needed - memory.held);
    memory.held = Math.max(needed, memory.held);
    yield chunk;
  }
}
