import type { FastifyInstance } from 'fastify';
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
    const { headers, body } = request.url.startsWith('/endpoints/')
      ? renderAwsError(error)
      : renderPlainError(error, request.id);
    return reply.code(error.status).headers(headers).send(body);
  });
}

/** For errors before any handler: a path that does not decode, a parameter too long. */
export function badRequests(server: FastifyInstance): void {
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
    const { headers, body } = request.url.startsWith('/endpoints/')
      ? renderAwsError(error)
      : renderPlainError(error, request.id);
    return reply.code(error.status).headers(headers).send(body);
  });
}
