import { createHmac } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { Agent, fetch } from 'undici';

const connectTimeoutMs = 2_000;
const answerTimeoutMs = 10_000;

/** Tells others' servers; resolves to whether they took it (2xx). Never rejects, follows no redirect. */
export interface Poster {
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<boolean>;
  /** Reads a URL for its effect. */
  visit(url: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Over connections of its own, so that a slow listener is in nobody's way. */
export function createPoster(lookup: LookupFunction): Poster {
  const dispatcher = new Agent({
    connect: { lookup, timeout: connectTimeoutMs },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });
  const send = async (url: string, init: { method: string; headers?: Record<string, string>; body?: string }) => {
    try {
      const response = await fetch(url, { ...init, dispatcher, redirect: 'manual' });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false; // unreachable, slow or not HTTP: not heard, whichever it is
    }
  };
  return {
    post: (url, headers, body) => send(url, { method: 'POST', headers: { ...headers }, body }),
    visit: url => send(url, { method: 'GET' }),
    stop: () => dispatcher.destroy(),
  };
}

/**
 * Posts JSON with a signature that covers the time, so that an old message cannot be played again:
 * `t=<seconds>,v1=<hex HMAC-SHA-256 of "<seconds>.<body>">`. Resolves to whether it was taken.
 */
export function postSigned(
  poster: Pick<Poster, 'post'>,
  wallMs: number,
  { url, secret }: { readonly url: string; readonly secret: string },
  body: string,
): Promise<boolean> {
  const seconds = Math.floor(wallMs / 1_000);
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-meridian-signature': `t=${seconds},v1=${signature}` };
  return poster.post(url, headers, body);
}
