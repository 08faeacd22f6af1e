import { test } from 'tap';
import type { Outcome } from '../../src/core/outcome.ts';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const near = targetOf();
const far = targetOf({ region: 'us-east-1' });

function bench() {
  const made = routingBench();
  const version = versionOf([near, far]);
  const model = made.add(modelOf([version]));
  made.answer(far, 200, 20, 10);
  const first = () => made.routing.router.route(model, version, requestOf()).candidates[0]?.target;
  return { ...made, first };
}

for (const outcome of ['backend-fault', 'unreachable', 'misconfigured', 'timeout'] satisfies Outcome[]) {
  test(`a target that fails fast (${outcome}) never looks fast`, t => {
    const { routing, answer, clock, first } = bench();
    answer(near, 20, 100, 10);
    t.equal(first(), near);
    let before = routing.router.estimate(near).latencyMs;
    for (let call = 0; call < 5; call += 1) {
      routing.measure(near, outcome, 1, requestOf());
      const now = routing.router.estimate(near).latencyMs;
      t.ok(now > before, 'each failure makes it look slower');
      before = now;
      clock.advance(10);
    }
    t.equal(first(), far);
    t.end();
  });
}

test('one that has only ever failed is worse than an unmeasured one', t => {
  const { routing } = bench();
  const unmeasured = routing.router.estimate(near).latencyMs;
  routing.measure(near, 'unreachable', 1, requestOf());
  const { latencyMs, samples } = routing.router.estimate(near);
  t.ok(latencyMs >= unmeasured + 10_000, 'the whole deadline is charged');
  t.equal(samples, 0);
  t.end();
});

test('one failure in a thousand does not send the traffic far away', t => {
  const { routing, answer, first, clock } = bench();
  answer(near, 20, 1_000, 10);
  routing.measure(near, 'backend-fault', 2, requestOf());
  t.equal(first(), near);
  clock.advance(10);
  t.equal(first(), near);
  t.end();
});

test('the charge fades once failures stop, so that the target is tried again', t => {
  const { routing, answer, clock, first } = bench();
  answer(near, 20, 100, 10);
  for (let call = 0; call < 20; call += 1) routing.measure(near, 'backend-fault', 1, requestOf());
  t.equal(first(), far);
  for (let second = 0; second < 10; second += 1) {
    answer(far, 200);
    if (second < 6) t.equal(first(), far, `${second} s after the last failure`);
    clock.advance(1_000);
  }
  t.equal(first(), near);
  t.end();
});

test('a throttled answer neither flatters nor counts as a failure', t => {
  const { routing, answer } = bench();
  answer(near, 300, 20, 10);
  routing.measure(near, 'throttled', 3, requestOf());
  t.match(routing.router.estimate(near), { latencyMs: 300, failureShare: 0, samples: 20 });
  t.end();
});

test('time limits that were reached raise the quantiles, so that limits made of them can grow', t => {
  const { routing, answer } = bench();
  answer(near, 20, 20, 10);
  for (let call = 0; call < 5; call += 1) routing.measure(near, 'timeout', 1_000, requestOf());
  t.ok(routing.router.estimate(near).p99Ms >= 1_000);
  for (let call = 0; call < 5; call += 1) routing.measure(far, 'backend-fault', 5_000, requestOf());
  t.ok(routing.router.estimate(far).p99Ms < 250, 'other failures leave them alone');
  t.end();
});
