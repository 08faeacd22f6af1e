import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { Throttle } from '../../src/health/throttling.ts';
import { createRetryBudget } from '../../src/inference/retry-budget.ts';
import { manualClock } from '../helpers/manual-clock.ts';

/**
 * Calls whose best targets, all of one region, throttle everything: each may be asked in its share of them, and the next
 * answers. Returns how many calls found no token to go on with.
 */
function strandedCalls(callsPerSecond: number, targets: number, seconds: number): number {
  const clock = manualClock();
  const random = seededRandom(7);
  const budget = createRetryBudget({ ratio: 0.2, perSecond: () => 3 }, clock);
  const throttles = Array.from({ length: targets }, () => new Throttle());
  let stranded = 0;
  for (let call = -30 * callsPerSecond; call < callsPerSecond * seconds; call += 1) {
    clock.advance(1_000 / callsPerSecond);
    budget.accepted();
    if (call < 0) continue; // all was well
    for (const throttle of throttles) {
      if (random() >= throttle.share(clock.now())) continue; // steps back: the others are asked first
      throttle.hit(clock.now(), undefined);
      if (budget.takeRetry()) continue;
      stranded += 1;
      break;
    }
  }
  return stranded;
}

for (const callsPerSecond of [5, 60, 600]) {
  for (const targets of [1, 2, 3]) {
    test(`${targets} throttled targets of a region strand no call at ${callsPerSecond} a second`, async t => {
      t.equal(strandedCalls(callsPerSecond, targets, 60), 0);
    });
  }
}
