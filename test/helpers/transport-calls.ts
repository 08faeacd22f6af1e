import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Test } from 'tap';
import { type Transport, undiciTransport } from '../../src/backends/transport.ts';
import type { TransportCall } from '../../src/backends/transport-call.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** A transport on a manual clock, stopped when the test ends. */
export function testTransport(
  t: Test,
  options: { clock?: ManualClock; lookup?: LookupFunction } = {},
): { transport: Transport; clock: ManualClock } {
  const clock = options.clock ?? manualClock();
  const settings = { connectTimeoutMs: 1_000, keepAliveMs: 50_000 };
  const transport = undiciTransport({ clock, lookup: options.lookup ?? (lookup as LookupFunction), settings });
  t.teardown(() => transport.stop());
  return { transport, clock };
}

/** A small POST to `origin`. */
export function callTo(origin: string, overrides: Partial<TransportCall> = {}): TransportCall {
  return {
    poolKey: 'pool',
    origin,
    method: 'POST',
    path: '/endpoints/rain/invocations',
    headers: ['host', origin.slice('http://'.length), 'content-type', 'application/json'],
    body: Buffer.from('{"x":1}'),
    timeoutMs: 5_000,
    maxResponseBytes: 1_000,
    memory: { tryTake: () => true, give: () => {} },
    idempotent: true,
    signal: new AbortController().signal,
    ...overrides,
  };
}
