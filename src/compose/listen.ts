import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { badUrl, refuseExpectation, refuseUnreadable, rememberAnswer } from '../routes/unknown.ts';

/** Longest path parameter taken; SageMaker names have 63 characters, ARNs more than Fastify's default of 100. */
const maxParamLength = 2048;
/** Longer than a load balancer's usual idle timeout of 60 s, so that it closes first. */
export const keepAliveMs = 72_000;
const longestHeadersMs = 15_000;

/** How long the head of a request may take. */
export function headersTimeoutMs(bodyTimeoutMs: number): number {
  return Math.min(longestHeadersMs, bodyTimeoutMs);
}

/**
 * A server with the limits that stop slow and oversized clients; request logging is the gateway's own single line.
 * @param longestMs for routes that take large payloads; the others see to `bodyTimeoutMs` themselves then
 */
export function newServer(bodyTimeoutMs: number, longestMs: number = bodyTimeoutMs): FastifyInstance {
  const server = Fastify({
    logger: false,
    frameworkErrors: badUrl,
    clientErrorHandler: refuseUnreadable,
    // An unknown property is a mistake, and so is a value of another kind: neither is passed over or mended.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength },
    keepAliveTimeout: keepAliveMs,
    requestTimeout: Math.max(bodyTimeoutMs, longestMs),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // Node looks for requests past their time only this often; its default of 30 s would double most limits.
    http: {
      requireHostHeader: false, // the invoke routes and the admin side ask for it, in words
      headersTimeout: headersTimeoutMs(bodyTimeoutMs),
      connectionsCheckingInterval: Math.min(2_000, bodyTimeoutMs / 4),
    },
  });
  server.server.on('request', rememberAnswer);
  server.server.on('checkExpectation', refuseExpectation);
  return server;
}

/** Listens on `host:port`; `key` is the config key to name when that cannot be. */
export async function listenOn(server: FastifyInstance, address: string, key: string): Promise<string> {
  const split = address.lastIndexOf(':');
  const host = address.slice(0, split).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(split + 1));
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE')
      throw new Error(
        `Port ${port} (${key}: ${address}) is taken by another process: stop it, or choose another port.`,
      );
    if (code === 'EACCES')
      throw new Error(
        `Port ${port} (${key}: ${address}) needs more rights than this process has: choose one above 1023.`,
      );
    throw new Error(`Cannot listen on ${address} (${key}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Resolves when `work` does, or after `limitMs`. */
export function within(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, resolve);
    work.then(
      () => {
        cancel();
        resolve();
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
