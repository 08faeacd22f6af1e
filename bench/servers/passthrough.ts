import Fastify from 'fastify';
import { Pool } from 'undici';

/** The request as it goes to the upstream. */
export interface Outgoing {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** `node server.ts PORT UPSTREAM`, as all the servers here are started. */
export const [port, upstream] = [Number(process.argv[2]), `http://127.0.0.1:${process.argv[3]}`];

/** The least a proxy on Fastify and undici does: bytes in, bytes on, bytes back. `prepare` may change the headers. */
export async function passthrough(prepare: (outgoing: Outgoing) => Promise<Outgoing> | Outgoing): Promise<void> {
  const pool = new Pool(upstream, { connections: 64, pipelining: 1 });
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post<{ Body: Buffer }>('/endpoints/:endpoint/invocations', async (request, reply) => {
    const contentType = request.headers['content-type'] ?? 'application/octet-stream';
    const call = await prepare({ path: request.url, headers: { 'content-type': contentType }, body: request.body });
    const answer = await pool.request({ method: 'POST', ...call });
    reply.code(answer.statusCode).header('content-type', answer.headers['content-type']);
    return Buffer.from(await answer.body.arrayBuffer());
  });
  await app.listen({ port, host: '127.0.0.1' });
}
