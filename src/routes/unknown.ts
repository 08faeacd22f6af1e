import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { renderAwsError } from './sagemaker.ts';
import { renderPlainError } from './v1.ts';

/** Answers for paths and requests that no route takes, in the protocol the path belongs to. */
export function unknownRoutes(server: FastifyInstance): void {
  server.setNotFoundHandler((request, reply) => {
    const error = new GatewayError(
      'not-found',
      `Nothing answers ${request.method} here: models are called by POST to /endpoints/{model}/invocations or /v1/models/{model}/invocations.`,
    );
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
  const { headers, body } = request.url.startsWith('/endpoints/')
    ? renderAwsError(error)
    : renderPlainError(error, request.id);
  return reply
    .code(error.status)
    .headers(headers)
    .headers({ 'x-amzn-requestid': request.id, 'x-meridian-request-id': request.id })
    .send(body);
}
