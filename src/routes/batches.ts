import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Model } from '../core/model.ts';
import type { Caller, Hints } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import { allowedModel } from '../security/callers.ts';
import { type BatchRequest, readBatchRequest } from './batch-request.ts';
import { readBody } from './body.ts';
import { readHints } from './fields.ts';
import { asking, type HandedIn, handingIn, type LaterPorts } from './later.ts';

/** A batch as callers see it; rendered as it is. */
export type ShownBatch = { readonly id: string } & Readonly<Record<string, unknown>>;

/** What the routes of batches need of the gateway; everything follows the config in force. */
export interface BatchRoutePorts extends LaterPorts {
  readonly admission: Admission;
  /** By when a body must be here, ms. */
  bodyTimeoutMs(): number;
  /** Resolves once the batch cannot be lost; rejects with a `GatewayError`. */
  accept(id: string, model: Model, caller: Caller, hints: Hints, asked: BatchRequest): Promise<ShownBatch>;
  find(id: string, caller: Caller): Promise<ShownBatch>;
  /** The batch that is being stopped now; undefined when one that was over is removed. */
  withdraw(id: string, caller: Caller): Promise<ShownBatch | undefined>;
}

type ByModel = FastifyRequest<{ Params: { model: string } }>;

const maxBytes = 65_536;

/** Batches: where the records are in, where the results are out. */
export function batchRoutes(server: FastifyInstance, ports: BatchRoutePorts): void {
  server.post(
    '/v1/models/:model/batches',
    handingIn<ByModel>(ports, '/v1/batches', (http, seen) => createBatch(ports, http, seen)),
  );
  server.get(
    '/v1/batches/:id',
    asking(ports, 'batch', 'look', async (id, caller, reply) => reply.send(await ports.find(id, caller))),
  );
  server.delete(
    '/v1/batches/:id',
    asking(ports, 'batch', 'remove', async (id, caller, reply) => {
      const batch = await ports.withdraw(id, caller);
      return batch === undefined ? reply.code(204).send() : reply.send(batch);
    }),
  );
}

/** Who, what, may they; whoever only the body proves is told nothing before it is here. */
async function createBatch(ports: BatchRoutePorts, { raw, id, params, headers }: ByModel, seen: HandedIn) {
  const identity = ports.identify({ method: raw.method ?? '', url: raw.url ?? '', headers });
  const admit = (caller: Caller): Model => {
    seen.caller = caller;
    const model = allowedModel(ports.model(params.model), caller, 'queue');
    seen.model = model;
    return model;
  };
  if (identity.proven) admit(identity.caller);
  const limit = { clock: ports.clock, limitMs: ports.bodyTimeoutMs() };
  const body = await readBody(raw, maxBytes, ports.admission, limit);
  try {
    seen.bytes = body.bytes.length;
    const caller = identity.confirm(body.sha256);
    const model = admit(caller);
    seen.leave = await ports.tenants.enter(caller);
    return await ports.accept(id, model, caller, readHints(headers, params.model), readBatchRequest(body.bytes));
  } finally {
    body.release();
  }
}
