import { test } from 'tap';
import { createFaultBoard } from '../../sim/faults.ts';
import { lognormal, randomStream } from '../../sim/random.ts';
import { createTiming } from '../../sim/timing.ts';
import { manualClock } from '../helpers/manual-clock.ts';

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test('draws are lognormal: their logarithms have the mean and the deviation asked for', t => {
  const random = randomStream(11, 'test');
  const logs = Array.from({ length: 10_000 }, () => Math.log(lognormal(random, 65, 0.25)));
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length);
  const skew = logs.reduce((sum, x) => sum + ((x - mean) / deviation) ** 3, 0) / logs.length;
  // Four standard errors: 0.25/√10000, 0.25/√20000, √(6/10000).
  t.ok(Math.abs(mean - Math.log(65)) < 0.01, `${mean}`);
  t.ok(Math.abs(deviation - 0.25) < 0.0071, `${deviation}`);
  t.ok(Math.abs(skew) < 0.098, `${skew}`);
  t.end();
});

test('network and work vary around their medians; a scale of 0 removes both', t => {
  const faults = createFaultBoard({ regions: ['r'], endpoints: () => [] }, manualClock(), 1);
  const timing = createTiming('r', 130, 1, randomStream(2, 'timing'), faults);
  const roundTrips = Array.from({ length: 2_001 }, () => timing.roundTripMs());
  const work = Array.from({ length: 2_001 }, () => timing.workMs(6, 'e'));
  t.ok(Math.abs(median(roundTrips) - 130) < 3);
  t.ok(Math.abs(median(work) - 6) < 0.3);
  t.ok(new Set(roundTrips).size > 2_000);
  const none = createTiming('r', 130, 0, randomStream(2, 'timing'), faults);
  t.equal(none.roundTripMs() + none.workMs(6, 'e'), 0);
  t.end();
});

test('the same seed gives the same draws, another name or seed gives others', t => {
  const draws = (seed: number, name: string) => {
    const random = randomStream(seed, name);
    return Array.from({ length: 5 }, () => random());
  };
  t.same(draws(1, 'a'), draws(1, 'a'));
  t.notSame(draws(1, 'a'), draws(1, 'b'));
  t.notSame(draws(1, 'a'), draws(2, 'a'));
  t.end();
});
