import fc from 'fast-check';
import { test } from 'tap';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const near = targetOf();
const far = targetOf({ region: 'us-east-1' });

function bench() {
  const made = routingBench();
  const version = versionOf([near, far]);
  return { ...made, version, model: made.add(modelOf([version])) };
}

test('a slower answer counts at once and in full', t => {
  const { answer, routing } = bench();
  answer(near, 20, 100, 10);
  answer(near, 900);
  t.equal(routing.router.estimate(near).latencyMs, 900);
  t.end();
});

test('faster answers pull a peak down with a time constant of 10 s', t => {
  const { answer, clock, routing } = bench();
  answer(near, 20, 100, 10);
  answer(near, 1_020);
  clock.advance(10_000);
  answer(near, 20);
  t.match(routing.router.estimate(near).latencyMs, 20 + 1_000 / Math.E);
  t.end();
});

test('an idle target sinks to its best recent answer, so that a slow one is tried again', t => {
  const { answer, clock, routing, version, model } = bench();
  answer(near, 60, 50, 10);
  answer(far, 40, 50, 10);
  answer(far, 2_000);
  t.equal(routing.router.route(model, version, requestOf()).candidates[0]?.target, near);
  for (let second = 0; second < 60; second += 1) answer(near, 60, 1, 1_000);
  t.equal(routing.router.route(model, version, requestOf()).candidates[0]?.target, far, 'its peak has faded');
  clock.advance(3_600_000);
  t.ok(routing.router.estimate(far).latencyMs < 1, 'after an hour even its usual latency is forgotten');
  t.end();
});

test('an idle slow target is not mistaken for a fast one between two calls', t => {
  const { answer, routing } = bench();
  answer(far, 250, 50, 10);
  answer(near, 25, 50, 10);
  for (let call = 0; call < 6; call += 1) answer(near, 25, 1, 10_000);
  t.ok(routing.router.estimate(far).latencyMs > 200, `${routing.router.estimate(far).latencyMs}`);
  t.end();
});

test('a cancelled call leaves no trace', t => {
  const { answer, routing } = bench();
  answer(near, 20, 10, 10);
  const before = routing.router.estimate(near);
  routing.measure(near, 'cancelled', 9_000, requestOf());
  t.strictSame(routing.router.estimate(near), before);
  t.end();
});

test('a caller’s fault counts its real time and is no failure', t => {
  const { routing } = bench();
  routing.measure(near, 'caller-fault', 70, requestOf());
  t.match(routing.router.estimate(near), { latencyMs: 70, failureShare: 0, samples: 1 });
  t.end();
});

test('the estimate stays between nothing and the slowest answer, plus what failures may be charged', t => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 30_000 }),
    durationMs: fc.double({ min: 0.5, max: 20_000, noNaN: true }),
    outcome: fc.constantFrom('ok', 'caller-fault', 'throttled', 'backend-fault', 'timeout', 'unreachable', 'cancelled'),
  } as const);
  const check = () =>
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
        const { clock, routing, model } = bench();
        let slowest = 2 * model.slo.latencyMs;
        for (const { waitMs, durationMs, outcome } of steps) {
          clock.advance(waitMs);
          routing.measure(near, outcome, durationMs, requestOf());
          if (outcome !== 'cancelled') slowest = Math.max(slowest, durationMs);
          const { latencyMs, failureShare, p95Ms, p99Ms } = routing.router.estimate(near);
          if (!(latencyMs >= 0 && latencyMs <= slowest + model.deadlineMs + 1e-6)) return false;
          if (!(failureShare >= 0 && failureShare <= 1 && p95Ms <= p99Ms)) return false;
        }
        return true;
      }),
    );
  t.doesNotThrow(check);
  t.end();
});
