import { test } from 'tap';
import { warmUp } from '../../../src/rollout/canary/warm-up.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { targetOf } from '../../helpers/routing-fixtures.ts';

const [one, other] = [targetOf({ region: 'eu-west-1' }), targetOf({ region: 'us-east-1' })];

/** How many of the calls, one each so many ms, are left out. */
function leftOut(everyMs: number, calls: number, plan: Parameters<typeof warmUp>[1]): number {
  const clock = manualClock();
  const warms = warmUp(clock, plan);
  let left = 0;
  for (let call = 0; call < calls; call += 1) {
    if (warms(one)) left += 1;
    clock.advance(everyMs);
  }
  return left;
}

test('a target warms up for its first calls and its first seconds, whichever is later', t => {
  const plan = { warmUpCalls: 10, warmUpMs: 10_000 };
  t.equal(leftOut(10, 2_000, plan), 1_000, 'a hundred calls a second: ten seconds of them');
  t.equal(leftOut(2_000, 50, plan), 10, 'one in two seconds: ten of them');
  t.end();
});

test('where there are few calls it ends all the same', t => {
  t.equal(leftOut(60_000, 20, { warmUpCalls: 10, warmUpMs: 10_000 }), 2);
  t.end();
});

test('by calls alone, or not at all', t => {
  t.equal(leftOut(60_000, 20, { warmUpCalls: 10, warmUpMs: 0 }), 10);
  t.equal(leftOut(60_000, 20, { warmUpCalls: 10 }), 10, 'as in plans of before there was a time');
  t.equal(leftOut(1, 20, { warmUpCalls: 0, warmUpMs: 10_000 }), 0);
  t.end();
});

test('each target warms up by itself', t => {
  const clock = manualClock();
  const warms = warmUp(clock, { warmUpCalls: 1, warmUpMs: 1_000 });
  t.equal(warms(one), true);
  clock.advance(2_000);
  t.same([warms(one), warms(other)], [false, true]);
  t.end();
});
