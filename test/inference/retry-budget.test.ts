import fc from 'fast-check';
import { test } from 'tap';
import { createRetryBudget } from '../../src/inference/retry-budget.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const drain = (take: () => boolean, most = 10_000) => {
  let taken = 0;
  while (taken < most && take()) taken += 1;
  return taken;
};

test('the bucket starts full with a hundred, then earns by request and by second', async t => {
  const clock = manualClock();
  const budget = createRetryBudget({ ratio: 0.25, perSecond: () => 3 }, clock);
  t.equal(drain(budget.takeRetry), 100);
  t.notOk(budget.takeRetry());
  for (let request = 0; request < 40; request += 1) budget.accepted();
  t.equal(drain(budget.takeRetry), 10, 'a quarter of each request');
  clock.advance(2_000);
  t.equal(drain(budget.takeRetry), 6, 'three each second');
});

test('hedges are refused first', async t => {
  const budget = createRetryBudget({ ratio: 0.2, perSecond: () => 3 }, manualClock());
  t.equal(drain(budget.takeHedge), 50, 'half the bucket is kept for retries');
  t.ok(budget.takeRetry());
});

test('a client’s own retries are charged, never refused, and leave half for our own', async t => {
  const budget = createRetryBudget({ ratio: 0, perSecond: () => 0 }, manualClock());
  for (let retry = 0; retry < 150; retry += 1) budget.chargeClientRetry();
  t.equal(budget.remaining(), 0.5);
  t.equal(drain(budget.takeRetry), 50);
});

test('retries never exceed what requests and time earned, however they come', async t => {
  const step = fc.oneof(
    fc.record({ advance: fc.integer({ min: 1, max: 5_000 }) }),
    fc.record({ requests: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ retries: fc.integer({ min: 1, max: 200 }) }),
  );
  const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
    const clock = manualClock();
    const budget = createRetryBudget({ ratio: 0.2, perSecond: () => 3 }, clock);
    let [requests, retries, elapsedMs] = [0, 0, 0];
    for (const next of steps) {
      if ('advance' in next) {
        clock.advance(next.advance);
        elapsedMs += next.advance;
      } else if ('requests' in next) {
        for (let index = 0; index < next.requests; index += 1) budget.accepted();
        requests += next.requests;
      } else retries += drain(budget.takeRetry, next.retries);
      const share = budget.remaining();
      if (share < 0 || share > 1) return false;
    }
    return retries <= 100 + 0.2 * requests + (3 * elapsedMs) / 1_000 + 1e-6;
  });
  t.doesNotThrow(() => fc.assert(property));
});
