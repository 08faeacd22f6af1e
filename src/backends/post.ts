import { createHmac } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { Agent, fetch, type Response } from 'undici';

const connectTimeoutMs = 2_000;
const answerTimeoutMs = 10_000;

/** Tells others' servers; resolves to whether they took it (2xx). Never rejects, follows no redirect. */
export interface Poster {
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<boolean>;
  /** Reads a URL for its effect. */
  visit(url: string): Promise<boolean>;
  /** A small text; undefined when it is not there, or has more bytes than that. Never rejects, follows no redirect. */
  read(url: string, mostBytes: number): Promise<string | undefined>;
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
    read: async (url, mostBytes) => {
      try {
        const response = await fetch(url, { dispatcher, redirect: 'manual' });
        return await textWithin(response, mostBytes);
      } catch {
        return undefined; // unreachable, slow or broken off: not there, whichever it is
      }
    },
    visit: url => send(url, { method: 'GET' }),
    stop: () => dispatcher.destroy(),
  };
}

async function textWithin({ ok, body }: Response, mostBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (!ok || bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return ok ? Buffer.concat(chunks).toString() : undefined;
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
