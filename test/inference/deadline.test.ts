import fc from 'fast-check';
import { test } from 'tap';
import type { InferenceRequest } from '../../src/core/request.ts';
import { attemptTimeoutMs, fairTimeoutMs, startDeadline } from '../../src/inference/deadline.ts';
import type { Estimate } from '../../src/routing/router.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { modelOf, versionOf } from '../helpers/routing-fixtures.ts';

const estimateOf = (some: Partial<Estimate>): Estimate => ({
  latencyMs: 50,
  p95Ms: 90,
  p99Ms: 100,
  samples: 100,
  failureShare: 0,
  warmth: 1,
  setupMs: 0,
  ...some,
});
const model = modelOf([versionOf([])], { deadlineMs: 10_000 });
const requestAt = (arrivedAt: number, timeoutMs?: number) =>
  ({ arrivedAt, hints: timeoutMs === undefined ? {} : { timeoutMs } }) as InferenceRequest;

test('a tenth is kept back for the fallback chain, and half of the rest while another target waits', async t => {
  const clock = manualClock();
  const deadline = startDeadline(model, requestAt(clock.now()), clock);
  t.equal(deadline.remainingMs(), 10_000);
  t.equal(deadline.forAttemptsMs(), 9_000);
  const slow = estimateOf({ p99Ms: 60_000 });
  t.equal(attemptTimeoutMs(deadline, slow, true), 4_500);
  t.equal(attemptTimeoutMs(deadline, slow, false), 9_000);
  clock.advance(5_000);
  t.equal(attemptTimeoutMs(deadline, slow, true), 2_000);
});

test('an attempt gets three times the target’s p99, at least a second, and its expected set-up', async t => {
  t.equal(fairTimeoutMs(estimateOf({ p99Ms: 100 })), 1_000);
  t.equal(fairTimeoutMs(estimateOf({ p99Ms: 900 })), 2_700);
  t.equal(fairTimeoutMs(estimateOf({ p99Ms: 100, warmth: 0.5, setupMs: 4_000 })), 6_300);
});

test('a caller may shorten the deadline, never lengthen it', async t => {
  const clock = manualClock();
  const short = startDeadline(model, requestAt(clock.now(), 500), clock);
  t.match([short.remainingMs(), short.shortened], [500, true]);
  const long = startDeadline(model, requestAt(clock.now(), 60_000), clock);
  t.match([long.remainingMs(), long.shortened], [10_000, false]);
});

test('attempts in a row never use more than the deadline less its reserve', async t => {
  const property = fc.property(
    fc.integer({ min: 10, max: 60_000 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.boolean())),
    (deadlineMs, tries) => {
      const clock = manualClock();
      const deadline = startDeadline({ ...model, deadlineMs }, requestAt(clock.now()), clock);
      let used = 0;
      for (const [p99Ms, anotherWaits] of tries) {
        const timeoutMs = attemptTimeoutMs(deadline, estimateOf({ p99Ms }), anotherWaits);
        if (timeoutMs <= 0) break;
        clock.advance(timeoutMs);
        used += timeoutMs;
      }
      return used <= deadlineMs * 0.9 + 1e-6;
    },
  );
  t.doesNotThrow(() => fc.assert(property));
});
