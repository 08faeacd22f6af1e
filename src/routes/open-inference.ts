import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Answer } from '../core/result.ts';
import { allowedModel } from '../security/callers.ts';
import { parseObject } from '../wire/json-object.ts';
import { binarySize, inferOfBinary } from '../wire/open-inference/binary.ts';
import { Untranslatable } from '../wire/untranslatable.ts';
import { callerWithoutBody } from './admit.ts';
import type { Readiness } from './health.ts';
import { invokeHandler } from './invoke.ts';
import type { Asked, InvokePorts, InvokeProtocol, RenderedError } from './invoke-ports.ts';

/** What these routes show beside what they serve. */
export interface OpenInferencePorts extends InvokePorts {
  /** Of the gateway. */
  readonly version: string;
  /** Whether some target of the model (and version) may be called now. */
  mayServe(model: Model, version: string | undefined): boolean;
}

const infer: InvokeProtocol = {
  name: 'open-inference',
  operation: 'infer',
  error: renderOpenInferenceError,
  refusal: renderOpenInferenceRefusal,
  streaming: () => undefined,
  ask: asked,
  size: (bytes, headers) => {
    const headBytes = headBytesOf(headers);
    return headBytes === undefined ? undefined : binarySize(bytes, headBytes);
  },
};

type Named = FastifyRequest<{ Params: { model: string; version?: string } }>;

/** Open Inference Protocol, version 2: for clients of KServe and Triton. */
export function openInferenceRoutes(server: FastifyInstance, ports: OpenInferencePorts, readiness: Readiness): void {
  server.get('/v2', async () => ({ name: 'meridian', version: ports.version, extensions: [] }));
  server.get('/v2/health/live', async () => ({ live: true }));
  server.get('/v2/health/ready', (_, reply) => {
    const ready = readiness.notReady() === undefined;
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(path, (request: Named, reply) => answer(ports, request, reply, model => [200, metadata(model)]));
    server.get(`${path}/ready`, (request: Named, reply) =>
      answer(ports, request, reply, (model, version) => {
        const ready = ports.mayServe(model, version);
        return [ready ? 200 : 503, { name: model.name, ready }];
      }),
    );
    server.post(`${path}/infer`, invokeHandler(ports, infer));
  }
}

function answer(
  ports: OpenInferencePorts,
  { raw, params, id }: Named,
  reply: FastifyReply,
  show: (model: Model, version: string | undefined) => readonly [status: number, body: object],
): FastifyReply {
  try {
    const caller = callerWithoutBody(ports, raw);
    const model = allowedModel(ports.model(params.model), caller, 'infer');
    const known = params.version === undefined || model.versions.some(({ name }) => name === params.version);
    if (!known) throw new GatewayError('unknown-model', 'The model has no version of this name: check the name.');
    const [status, body] = show(model, params.version);
    return reply.code(status).send(body);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { status = error.status, headers: own, body } = renderOpenInferenceError(error, id);
    return reply.code(status).headers(own).send(body);
  }
}

function metadata({ name, versions, tensors }: Model): object {
  return {
    name,
    versions: versions.map(version => version.name),
    platform: 'meridian',
    inputs: tensors?.inputs ?? [],
    outputs: tensors?.outputs ?? [],
  };
}

function asked(bytes: Buffer, headers: IncomingHttpHeaders): Asked {
  const headBytes = headBytesOf(headers);
  if (headBytes !== undefined)
    return { json: ofBinary(bytes, headBytes), binary: true, streaming: undefined, session: undefined };
  const json = parseObject(bytes);
  if (json !== undefined) return { json, streaming: undefined, session: undefined };
  throw new GatewayError(
    'invalid-request',
    'The body must be a JSON object, or one before binary tensors, its length in inference-header-content-length.',
  );
}

/** Of the JSON before the tensors, where they come as bytes: Triton's client sends them so unless told otherwise. */
function headBytesOf(headers: IncomingHttpHeaders): number | undefined {
  const told = headers['inference-header-content-length'];
  return typeof told === 'string' && /^\d{1,9}$/.test(told) ? Number(told) : undefined;
}

function ofBinary(bytes: Buffer, headBytes: number): Readonly<Record<string, unknown>> {
  try {
    return inferOfBinary(bytes, headBytes);
  } catch (error) {
    if (error instanceof Untranslatable)
      throw new GatewayError('invalid-request', error.message, { field: error.field });
    throw error;
  }
}

/** `{"error":"…"}`. */
export function renderOpenInferenceError(error: GatewayError, _requestId: string): RenderedError {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const status = error.code === 'unknown-model' ? 404 : error.status;
  return { status, headers, body: JSON.stringify({ error: error.message }) };
}

/** A container's 424 is this protocol's 400. */
export function renderOpenInferenceRefusal(answer: Answer): Answer {
  const status = answer.status === 424 ? 400 : answer.status;
  const body = Buffer.from(JSON.stringify({ error: answer.refusal?.message ?? 'The request was refused.' }));
  return { ...answer, status, headers: { 'content-type': 'application/json' }, body };
}
