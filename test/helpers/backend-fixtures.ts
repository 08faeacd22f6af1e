import { createHash } from 'node:crypto';
import type { Test } from 'tap';
import type { AttemptLimits } from '../../src/backends/backend.ts';
import { type BackendDeps, type Backends, createBackends } from '../../src/backends/registry.ts';
import type { GatewayEvent } from '../../src/core/events.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { Target } from '../../src/core/target.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export const demoIdentity = { credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' }, region: 'us-east-1' };

/** `us-east-1` at one URL, for SageMaker Runtime and STS alike. */
export function oneRegion(url: string): BackendDeps['regions'] {
  return new Map([['us-east-1', { sagemakerRuntimeUrl: url, bedrockRuntimeUrl: url, stsUrl: url }]]);
}

/** Backends signing as `demo`, on a manual clock that says the true time; stopped when the test ends. */
export function testBackends(
  t: Test,
  overrides: Partial<BackendDeps> & Pick<BackendDeps, 'regions'>,
): { backends: Backends; clock: ManualClock; events: GatewayEvent[] } {
  const clock = manualClock(Date.now());
  const events: GatewayEvent[] = [];
  const backends = createBackends({
    clock,
    random: () => 0.5,
    emit: event => events.push(event),
    connections: { connectTimeoutMs: 1_000, keepAliveMs: 50_000, dns: { servers: [], ttlMs: 10_000, timeoutMs: 500 } },
    identities: new Map([['demo', demoIdentity]]),
    ...overrides,
  });
  t.teardown(() => backends.stop());
  return { backends, clock, events };
}

/** A real-time target of model `rain` in us-east-1. */
export function targetOf(overrides: Partial<Target> = {}): Target {
  return {
    id: 'rain/v1/us-east-1',
    name: 'v1@us-east-1/realtime',
    model: 'rain',
    version: 'v1',
    kind: 'sagemaker-realtime',
    region: 'us-east-1',
    residency: 'us',
    endpoint: 'rain-v1',
    maxConcurrency: 64,
    operations: ['invoke'],
    maxRequestBytes: 26_214_400,
    weight: 1,
    price: { basis: 'unknown' },
    egressUsdPerGb: 0,
    identity: 'demo',
    quotaGroup: 'rain-v1',
    ...overrides,
  };
}

/** One inference request carrying `text`. */
export function requestOf(text: string, overrides: Partial<InferenceRequest> = {}): InferenceRequest {
  const body = Buffer.from(text);
  return {
    id: 'request-1',
    model: 'rain',
    operation: 'invoke',
    body,
    bodySha256: createHash('sha256').update(body).digest('hex'),
    fields: { contentType: 'text/csv' },
    hints: { fallback: 'any', cache: { noCache: false, noStore: false } },
    caller: { tenant: 'anonymous' },
    clientAttempt: 1,
    arrivedAt: 0,
    signal: new AbortController().signal,
    ...overrides,
  };
}

export function limitsOf(overrides: Partial<AttemptLimits> = {}): AttemptLimits {
  return {
    timeoutMs: 5_000,
    maxResponseBytes: 25_000_000,
    memory: { tryTake: () => true, give() {} },
    idempotent: true,
    signal: new AbortController().signal,
    ...overrides,
  };
}
