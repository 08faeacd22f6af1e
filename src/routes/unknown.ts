import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { renderBedrockError } from './bedrock.ts';
import type { RenderedError } from './invoke-ports.ts';
import { renderOpenInferenceError } from './open-inference.ts';
import { renderOpenAiError } from './openai.ts';
import { renderAwsError } from './sagemaker.ts';
import { renderPlainError } from './v1.ts';

const invocation =
  /^\/(?:(?:endpoints|v1\/models)\/[^/?]+\/(?:async-)?invocations(?:-response-stream)?|model\/[^/?]+\/(?:invoke(?:-with-response-stream)?|converse(?:-stream)?|count-tokens))(?:$|\?)/;

const openAiPath = /^\/v1\/(?:chat\/completions|embeddings)(?:$|\?)/;
const inferPath = /^\/v2\/models\/[^?]+\/infer(?:$|\?)/;
const predictPath = /^\/v1\/models\/[^?]+:predict(?:$|\?)/;
/** Paths that answer to POST only. */
const postOnly = [invocation, openAiPath, inferPath, predictPath];

const answers = {
  data: 'models are called by POST to /endpoints/{model}/invocations, /model/{model}/converse, /v1/chat/completions or /v1/models/{model}/invocations.',
  admin:
    'there are /metrics, /admin/targets, regions, explain, config and costs; keys; by POST /admin/drain, undrain, purge, data/delete and keys/create, rotate, revoke.',
} as const;

/** Answers for paths and requests that no route takes, in the protocol the path belongs to. */
export function unknownRoutes(server: FastifyInstance, plane: 'data' | 'admin' = 'data'): void {
  server.setNotFoundHandler((request, reply) => {
    if (plane === 'data' && postOnly.some(path => path.test(request.url))) {
      reply.header('allow', 'POST');
      return sendError(new GatewayError('method-not-allowed', 'Models are called by POST.'), request, reply);
    }
    const error = new GatewayError('not-found', `Nothing answers ${request.method} here: ${answers[plane]}`);
    return sendError(error, request, reply);
  });
}

/**
 * For errors outside the handlers' care: a path that does not decode, a parameter too long. What is nobody's mistake but
 * the gateway's goes to `onFault` with the request id of the answer.
 */
export function badRequests(
  server: FastifyInstance,
  onFault: (error: unknown, requestId: string) => void = () => {},
): void {
  server.setErrorHandler((thrown, request, reply) => {
    const status =
      thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'
        ? thrown.statusCode
        : 500;
    const error =
      status < 500
        ? new GatewayError(
            'invalid-request',
            thrown instanceof Error ? thrown.message : 'This request cannot be read.',
            { status },
          )
        : new GatewayError('internal', 'The gateway failed on this request: report the request id.');
    if (error.code === 'internal') onFault(thrown, request.id);
    return sendError(error, request, reply);
  });
}

/** For URLs that Fastify itself refuses before any route is looked for. */
export function badUrl(thrown: { readonly statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void {
  const message = 'This URL cannot be read: check how the name in it is encoded, and its length.';
  sendError(new GatewayError('invalid-request', message, { status: thrown.statusCode ?? 400 }), request, reply);
}

/** In the protocol the path belongs to, with the request id where its clients look for it. */
function sendError(error: GatewayError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status = error.status, headers, body } = rendered(error, request);
  return reply
    .code(status)
    .headers(headers)
    .headers({ 'x-amzn-requestid': request.id, 'x-meridian-request-id': request.id })
    .send(body);
}

function rendered(error: GatewayError, { url, id }: FastifyRequest): RenderedError {
  if (url.startsWith('/endpoints/')) return renderAwsError(error);
  if (openAiPath.test(url)) return renderOpenAiError(error, id);
  if (url.startsWith('/v2') || predictPath.test(url)) return renderOpenInferenceError(error, id);
  return url.startsWith('/model/') ? renderBedrockError(error) : renderPlainError(error, id);
}

/**
 * Answers what Node refuses before any route sees it (unreadable bytes, headers too long or too slow) and a body that
 * does not arrive in time. Whose protocol it was is not known then, so the body has the shape of both.
 */
export function refuseUnreadable(thrown: Error & { readonly code?: string }, socket: Socket): void {
  const newest = newestAnswers.get(socket);
  if (newest === refused) return;
  if (thrown.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  newestAnswers.set(socket, refused);
  const owed = newest?.answer.req.complete ? newest.answer : newest?.before;
  if (owed === undefined || owed.writableFinished) refuse(thrown, socket);
  else owed.once('finish', () => refuse(thrown, socket));
}

type Answering = ServerResponse<IncomingMessage>;

const refused = Symbol('refused');
/** The answer to the newest call of a connection, and the one before it if that was still owed then (pipelining). */
const newestAnswers = new WeakMap<Socket, { answer: Answering; before: Answering | undefined } | typeof refused>();

/** Listens to `request` events, so that unreadable bytes sent behind a call do not take the place of its answer. */
export function rememberAnswer({ socket }: IncomingMessage, answer: Answering): void {
  const known = newestAnswers.get(socket);
  if (known === refused) return;
  if (known === undefined) {
    newestAnswers.set(socket, { answer, before: undefined });
    return;
  }
  known.before = known.answer.writableFinished ? undefined : known.answer;
  known.answer = answer;
}

function refuse(thrown: Error & { readonly code?: string }, socket: Socket): void {
  const error = unreadable(thrown.code);
  const body = bothShapes(error);
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amzn-errortype: ${error.awsType}`,
    'connection: close',
  ];
  // Not only ended: half-open, it would go on feeding a request that nobody times out any more.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Answers an `Expect` other than `100-continue`, which Node would refuse without a word. */
export function refuseExpectation(_: IncomingMessage, answer: Answering): void {
  const error = new GatewayError('invalid-request', 'Only Expect: 100-continue is met here.', { status: 417 });
  const body = bothShapes(error);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-errortype': error.awsType,
    connection: 'close',
  };
  answer.writeHead(error.status, headers).end(body);
}

/** For errors before it is known whose protocol it is. */
function bothShapes(error: GatewayError): string {
  return JSON.stringify({ Message: error.message, error: { code: error.code, message: error.message } });
}

function unreadable(code: string | undefined): GatewayError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('body-timeout', 'The request did not arrive in time: send it faster, or send less.');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new GatewayError('invalid-request', 'The headers are too long: send fewer or shorter ones.', {
      status: 431,
    });
  return new GatewayError('invalid-request', 'This is not a well-formed HTTP request.');
}
