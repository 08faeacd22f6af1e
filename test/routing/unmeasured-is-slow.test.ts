import { test } from 'tap';
import { assumedMs } from '../../src/routing/estimator.ts';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const known = targetOf();
const fresh = targetOf({ region: 'us-east-1' });

test('an unmeasured target is assumed to take twice the objective, but at most half the deadline', t => {
  t.equal(assumedMs({ slo: { latencyMs: 150, availability: 1 }, deadlineMs: 10_000 }), 300);
  t.equal(assumedMs({ slo: { latencyMs: 8_000, availability: 1 }, deadlineMs: 10_000 }), 5_000);
  const { routing, add } = routingBench();
  add(modelOf([versionOf([known, fresh])]));
  t.match(routing.router.estimate(fresh), { latencyMs: 300, p95Ms: 300, p99Ms: 300, samples: 0, failureShare: 0 });
  t.end();
});

for (const policy of ['lowest-latency', 'cheapest-within-slo', 'balanced'] as const) {
  test(`${policy} prefers a target that meets the objective to an unmeasured one`, t => {
    const { routing, add, answer } = routingBench();
    const version = versionOf([fresh, known]);
    const model = add(modelOf([version], { policy }));
    answer(known, 120, 20, 10);
    t.equal(routing.router.route(model, version, requestOf()).candidates[0]?.target, known);
    t.end();
  });
}

test('estimates follow identity over a reload, and those of targets that are gone are dropped', t => {
  const { routing, add, answer } = routingBench();
  add(modelOf([versionOf([known, fresh])]));
  answer(known, 50);
  answer(fresh, 70);
  routing.retain([{ ...known, maxConcurrency: 1 }]);
  t.equal(routing.router.estimate(known).latencyMs, 50);
  t.equal(routing.router.estimate(fresh).samples, 0);
  t.end();
});
