import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';

/** What hooks are for. */
export interface HookPorts {
  /** Who posts, by the token sent; throws for anyone else. */
  hookCaller(authorization: string | undefined): string;
  /** Takes what Alertmanager posts; undefined when it is nothing that Alertmanager posts. */
  alert(body: unknown, tokenId: string): Promise<unknown>;
  /** Takes an event of AWS's; undefined when it is none. */
  awsEvent(body: unknown, tokenId: string): Promise<unknown>;
}

/**
 * `POST /hooks/alertmanager`: Alertmanager's `webhook_config`; `POST /hooks/eventbridge`: an API destination of
 * EventBridge's, or SNS. Each with a token of its own. They answer 503 while what came could not be written down, so that it is
 * posted again.
 */
export function hookRoutes(server: FastifyInstance, ports: HookPorts): void {
  const caller = (request: FastifyRequest) => ports.hookCaller(request.headers.authorization);
  // Before the body is read: nobody without a token makes the gateway hold or parse a megabyte.
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    // SNS sends the password of a URL only when it is asked for it.
    if (request.headers.authorization === undefined) void reply.header('www-authenticate', 'Basic realm="meridian"');
    caller(request);
  };
  server.post('/hooks/alertmanager', { onRequest }, async request => {
    const tokenId = caller(request);
    const taken = await ports.alert(request.body, tokenId);
    if (taken !== undefined) return taken;
    throw new GatewayError('invalid-request', 'This is no notification of Alertmanager’s, version 4.');
  });
  server.post('/hooks/eventbridge', { onRequest }, async request => {
    const tokenId = caller(request);
    const taken = await ports.awsEvent(jsonOf(request.body), tokenId);
    if (taken !== undefined) return taken;
    throw new GatewayError('invalid-request', 'This is no event of EventBridge’s, as an API destination posts it.');
  });
}

/** SNS calls its JSON plain text. */
function jsonOf(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
