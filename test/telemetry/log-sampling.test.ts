import { test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import type { GatewayEvent } from '../../src/core/events.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Attempt } from '../../src/core/result.ts';
import { createLogger, logEvents } from '../../src/telemetry/logger.ts';
import { resultOf, targetIn } from '../helpers/health-fixture.ts';

type Finished = Extract<GatewayEvent, { type: 'request-finished' }>;

const plain: Finished = {
  type: 'request-finished',
  requestId: 'r',
  protocol: 'v1',
  model: 'rain',
  caller: { tenant: 'a' },
  status: 200,
  error: undefined,
  served: {
    answer: { status: 200, headers: {}, body: Buffer.alloc(0) },
    model: 'rain',
    attempts: [],
    cache: 'hit',
    fallback: 'none',
    upstreamMs: 0,
  },
  attempts: [],
  requestBytes: 1,
  responseBytes: 1,
  clientAttempt: 1,
  traceparent: undefined,
  durationMs: 1,
  receivingMs: 0,
  upstreamMs: 0,
};

const attempt = (outcome: Outcome): Attempt => ({
  target: targetIn('us-east-1'),
  result: resultOf(outcome),
  reason: 'first',
});

test('sampling never drops a request that failed or fell back', async t => {
  const lines: string[] = [];
  const { logger } = createLogger({ level: 'info', sampleRate: 0 }, systemClock, {
    write: line => void lines.push(line),
  });
  const listen = logEvents(logger, 0, () => 0.5);
  listen(plain);
  t.equal(lines.length, 0, 'a plain success may be dropped');
  listen({ ...plain, status: 503, error: 'upstream-failed', served: undefined });
  listen({ ...plain, status: 400, error: 'invalid-request', served: undefined });
  if (plain.served !== undefined) listen({ ...plain, served: { ...plain.served, fallback: 'stale' } });
  t.equal(lines.length, 3);
  listen({ ...plain, attempts: [attempt('timeout'), attempt('ok')] });
  t.match(lines[3], /v1@us-east-1\/realtime:timeout/, 'nor one that needed a second attempt');
  listen({ ...plain, error: 'stream-broken', attempts: [attempt('backend-fault')] });
  t.equal(lines.length, 5, 'nor a stream that broke after its 200');
});
