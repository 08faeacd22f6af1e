import type { Outcome } from '../core/outcome.ts';
import { parseObject } from '../wire/json-object.ts';
import type { Unfinished } from './failures.ts';
import type { TransportAnswer } from './transport-call.ts';

/** Statuses that mean something else than their hundred says (RFC 9110, RFC 6585). */
const byStatus: Readonly<Record<number, readonly [Outcome, mend?: string]>> = {
  401: ['misconfigured', 'check auth of this target: the server does not take it'],
  403: ['misconfigured', 'check auth of this target: the server does not allow it'],
  404: ['misconfigured', 'check url, api and modelId of this target: the server does not know them'],
  405: ['misconfigured', 'check url and api of this target: the server does not speak it'],
  408: ['timeout'],
  425: ['cold'],
  429: ['throttled'],
  504: ['timeout'],
};

/** What the refusal of a server means that is not AWS's. Its words reach the caller only where they are the caller's own fault. */
export function fromHttpRefusal({ status, headers, body }: TransportAnswer): Unfinished {
  const [outcome, mend] = byStatus[status] ?? [status >= 400 && status < 500 ? 'caller-fault' : 'backend-fault'];
  const { text, field } = wordsOf(body);
  const message = text ?? `HTTP ${status}`;
  const retryAfter = headers['retry-after'];
  const error = {
    type: String(status),
    message: mend === undefined ? message : `${message}; ${mend}`,
    ...(retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) && { retryAfterMs: Number(retryAfter) * 1_000 }),
  };
  if (outcome !== 'caller-fault') return { outcome, error, sent: true };
  const refusal = { type: 'ValidationError', message, ...(field !== undefined && { field }) };
  const answer = {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationError' },
    body: Buffer.from(JSON.stringify({ message })),
    refusal,
  };
  return { outcome, error, answer, sent: true };
}

/** `{"error":{"message","param"}}`, `{"error":"…"}`, `{"message":"…"}` or `{"detail":"…"}`. */
function wordsOf(body: Buffer): { readonly text?: string; readonly field?: string } {
  const { error, message, detail } = parseObject(body) ?? {};
  if (typeof error === 'object' && error !== null) {
    const { message: text, param } = error as Readonly<Record<string, unknown>>;
    return { ...(typeof text === 'string' && { text }), ...(typeof param === 'string' && { field: param }) };
  }
  const text = [error, message, detail].find(candidate => typeof candidate === 'string' && candidate !== '');
  return typeof text === 'string' ? { text } : {};
}
