import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { Answer } from '../core/result.ts';
import { parseObject } from '../wire/json-object.ts';
import { callerWithoutBody } from './admit.ts';
import { invokeHandler } from './invoke.ts';
import type { Asked, InvokePorts, InvokeProtocol, RenderedError } from './invoke-ports.ts';
import { noSubstitute, type StreamEncoding } from './streamed.ts';

const done = Buffer.from('data: [DONE]\n\n');

/** Chunks as server-sent events, `[DONE]` at the end; a stream that breaks ends in an `error` event instead. */
const chunks: StreamEncoding = {
  acceptHeader: 'accept',
  required: true,
  headers: own => ({ ...own, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }),
  event: ({ frame }) => sse(frame),
  end: () => done,
  whole: answer => ({ ...answer, headers: chunks.headers(answer.headers), body: wholeChat(answer.body) }),
  failure: (error, _, requestId) => sse(Buffer.from(renderOpenAiError(error, requestId).body)),
};

const shape = { name: 'openai', error: renderOpenAiError, refusal: renderRefusal, streaming: () => undefined } as const;
const chat: InvokeProtocol = { ...shape, operation: 'chat', ask: bytes => asked(bytes, chunks) };
const embeddings: InvokeProtocol = { ...shape, operation: 'embeddings', ask: bytes => asked(bytes, undefined) };

/** OpenAI's chat completions, embeddings and list of models, for its SDKs with another `base_url`. */
export function openAiRoutes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/v1/chat/completions', invokeHandler(ports, chat));
  server.post('/v1/embeddings', invokeHandler(ports, embeddings));
  server.get('/v1/models', (request, reply) => {
    const list = (): object => ({
      object: 'list',
      data: ports.models(callerWithoutBody(ports, request.raw)).map(modelOf),
    });
    return answerOrError(list, request.id, reply);
  });
  server.get<{ Params: { model: string } }>('/v1/models/:model', (request, reply) => {
    const one = (): object => {
      const name = ports.model(request.params.model)?.name;
      const found = ports.models(callerWithoutBody(ports, request.raw)).find(known => known === name);
      if (found !== undefined) return modelOf(found);
      throw new GatewayError('unknown-model', 'No model of this name is configured here: GET /v1/models lists yours.');
    };
    return answerOrError(one, request.id, reply);
  });
}

function modelOf(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'meridian' };
}

function answerOrError(
  make: () => object,
  requestId: string,
  reply: { code(status: number): { headers(headers: Record<string, string>): { send(body: string): unknown } } },
): unknown {
  try {
    return reply.code(200).headers({ 'content-type': 'application/json' }).send(JSON.stringify(make()));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { status, headers, body } = renderOpenAiError(error, requestId);
    return reply.code(status).headers(headers).send(body);
  }
}

function asked(bytes: Buffer, streaming: StreamEncoding | undefined): Asked {
  const json = parsed(bytes);
  const { model, stream } = json;
  if (typeof model !== 'string' || model === '') throw invalid('model', 'must be the name of a model.');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'must be true or false.');
  const session = sessionOf(json['prompt_cache_key']);
  return { model, json, streaming: stream === true ? streaming : undefined, session };
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid-request', `${field}: ${why}`, { field });
}

const longestSession = 256;

/** Sessions are remembered: one that is longer than the header's may be is so by its digest. */
function sessionOf(key: unknown): string | undefined {
  if (key === undefined || key === null || key === '') return undefined;
  if (typeof key !== 'string') throw invalid('prompt_cache_key', 'must be a text.');
  return key.length <= longestSession ? key : hash('sha256', key, 'hex');
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  const json = parseObject(bytes);
  if (json !== undefined) return json;
  throw new GatewayError('invalid-request', 'The body must be a JSON object.');
}

/** Where OpenAI's clients expect another status than AWS's. */
const statuses: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  'bad-signature': 401,
  'unknown-model': 404,
};

/** `{"error":{"message","type","param","code"}}`, as OpenAI's clients read it. */
export function renderOpenAiError(error: GatewayError, requestId: string): RenderedError & { readonly status: number } {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-request-id': requestId };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const { message, code, field = code === 'unknown-model' ? 'model' : null } = error;
  const status = statuses[code] ?? error.status;
  return { status, headers, body: JSON.stringify({ error: { message, type: typeOf(status), param: field, code } }) };
}

function typeOf(status: number): string {
  if (status === 401 || status === 403) return 'authentication_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}

/** A refusal names the field, where it is known which. A container's 424 is OpenAI's 400: its clients know no other. */
function renderRefusal(answer: Answer, requestId: string): Answer {
  const { message = 'The request was refused.', field = null } = answer.refusal ?? {};
  const status = answer.status === 424 ? 400 : answer.status;
  const error = { message, type: typeOf(status), param: field, code: 'model-refused' };
  return {
    ...answer,
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    body: Buffer.from(JSON.stringify({ error })),
  };
}

function sse(json: Buffer): Buffer {
  return Buffer.concat([Buffer.from('data: '), json, Buffer.from('\n\n')]);
}

/** A whole completion, such as a substitute, as the chunks of a stream. */
function wholeChat(body: Buffer): Buffer {
  const { choices, usage, ...same } = (parseObject(body) ?? {}) as { choices?: readonly Choice[]; usage?: object };
  if (!Array.isArray(choices) || !choices.every(({ message }: Choice) => typeof message === 'object'))
    throw noSubstitute();
  const chunk = {
    ...same,
    object: 'chat.completion.chunk',
    choices: choices.map(({ index, message, finish_reason }: Choice) => ({
      index,
      delta: indexedCalls(message),
      finish_reason,
    })),
    ...(usage && { usage }),
  };
  return Buffer.concat([sse(Buffer.from(JSON.stringify(chunk))), done]);
}

interface Choice {
  readonly index: number;
  readonly message: { readonly tool_calls?: readonly object[] };
  readonly finish_reason: string;
}

/** Within a stream each tool call says which one it is. */
function indexedCalls(message: { readonly tool_calls?: readonly object[] }): object {
  const { tool_calls: calls } = message;
  return calls === undefined ? message : { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) };
}
