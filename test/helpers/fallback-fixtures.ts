import { createHash } from 'node:crypto';
import type { InferenceRequest, InvokeFields } from '../../src/core/request.ts';
import type { CacheEntry } from '../../src/fallback/cache.ts';

export interface CallWith {
  readonly body?: string;
  readonly fields?: InvokeFields;
  readonly hints?: Partial<InferenceRequest['hints']>;
  readonly caller?: Partial<InferenceRequest['caller']>;
  readonly model?: string;
  readonly invocationId?: string;
}

/** A JSON call to `rain` by the tenant `acme`, unless told otherwise. */
export function callOf(some: CallWith = {}): InferenceRequest {
  const body = Buffer.from(some.body ?? '{"instances":[{"wind":3.9}]}');
  return {
    id: 'request-1',
    model: some.model ?? 'rain',
    operation: 'invoke',
    body,
    bodySha256: createHash('sha256').update(body).digest('hex'),
    fields: { contentType: 'application/json', ...some.fields },
    hints: { fallback: 'any', cache: { noCache: false, noStore: false }, ...some.hints },
    caller: { tenant: 'acme', ...some.caller },
    clientAttempt: 1,
    arrivedAt: 0,
    signal: new AbortController().signal,
    ...(some.invocationId === undefined ? {} : { invocationId: some.invocationId }),
  };
}

/** An answer of `rain` v1, stored at `storedAtMs`. */
export function entryOf(storedAtMs: number, some: Partial<CacheEntry> & { body?: string } = {}): CacheEntry {
  const { body = '{"predictions":[{"rain":0.83}]}', ...rest } = some;
  return {
    answer: { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) },
    model: 'rain',
    version: 'v1',
    targetName: 'v1@eu-west-1/realtime',
    storedAtMs,
    ...rest,
  };
}
