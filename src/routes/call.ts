import type { FastifyReply } from 'fastify';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Permission } from '../core/operation.ts';
import type { Caller } from '../core/request.ts';
import type { Attempt, Served } from '../core/result.ts';
import type { Identity } from '../security/callers.ts';
import type { HeldBody } from './body.ts';
import { hasConnectionHeader } from './reader.ts';

/** What is known of a call so far; what the completion event is made of, however the call ends. */
export interface Call {
  readonly requestId: string;
  /** When its headers came, monotonic ms. */
  readonly startedAt: number;
  /** When the whole request was here, monotonic ms. */
  arrivedAt: number;
  /** Spent waiting for the caller's bytes, ms. */
  receivingMs: number;
  readonly clientAttempt: number;
  readonly traceparent: string | undefined;
  model: Model | undefined;
  /** What the headers say of the caller. */
  identity: Identity | undefined;
  /** Once it is proven. */
  caller: Caller | undefined;
  /** What it wants of the model. */
  permission: Permission;
  /** Gives back what the tenant's limits lent it; undefined until they let it in. */
  leave: (() => void) | undefined;
  /** Whether its answer is over. */
  over: boolean;
  body: HeldBody | undefined;
  /** Memory admitted for the values of a body that is read as JSON. */
  parsedBytes: number;
  /** Memory held by the answer. */
  answerBytes: number;
  served: Served | undefined;
  attempts: readonly Attempt[];
  upstreamMs: number;
  error: ErrorCode | undefined;
  /** Of the answer's body, so far. */
  responseBytes: number;
}

/** The answer's own headers and what every answer says of how it came about. */
export function meridianHeaders(call: Call, own: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {
    ...own,
    'x-amzn-requestid': call.requestId,
    'x-meridian-request-id': call.requestId,
  };
  const { served, attempts } = call;
  if (attempts.length > 0) {
    headers['x-meridian-attempts'] = attempts.map(made => `${made.target.name}:${made.result.outcome}`).join(',');
  }
  if (served === undefined) return headers;
  headers['x-meridian-cache'] = served.cache;
  headers['x-meridian-fallback'] = served.fallback;
  if (served.version !== undefined) headers['x-meridian-model-version'] = served.version;
  if (served.fallback === 'model') headers['x-meridian-model'] = served.model;
  const target = served.target?.name ?? served.cachedFrom;
  if (target !== undefined) {
    headers['x-meridian-target'] = target;
    headers['x-meridian-region'] =
      served.target?.region ?? target.slice(target.indexOf('@') + 1, target.lastIndexOf('/'));
  }
  return headers;
}

/** The same for an answer that is being served, with where its time went. */
export function servedHeaders(
  ports: { readonly clock: Clock; readonly draining: boolean },
  { raw }: FastifyReply,
  call: Call,
  served: Served,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers = meridianHeaders(call, own);
  const ownMs = Math.max(0, ports.clock.now() - call.startedAt - call.receivingMs - served.upstreamMs);
  headers['server-timing'] = `upstream;dur=${served.upstreamMs.toFixed(1)}, gateway;dur=${ownMs.toFixed(2)}`;
  if (served.ageSeconds !== undefined) headers['age'] = String(Math.floor(served.ageSeconds));
  if (ports.draining && hasConnectionHeader(raw)) headers['connection'] = 'close';
  return headers;
}
