import fc from 'fast-check';
import { test } from 'tap';
import { cheapestWithinSlo } from '../../src/routing/policies/cheapest-within-slo.ts';
import { lowestCost } from '../../src/routing/policies/lowest-cost.ts';
import type { Candidate, Estimate, Policy } from '../../src/routing/router.ts';
import { candidateOf, modelOf, requestOf, targetOf } from '../helpers/routing-fixtures.ts';

const model = modelOf([]); // objective 150 ms
const at = (name: string, costUsd: number | undefined, estimate: Partial<Estimate> = {}, inFlight = 0) =>
  candidateOf(targetOf({ name }), { costUsd, estimate, inFlight });
const order = (policy: Policy, ...candidates: Candidate[]) =>
  policy.order(candidates, model, requestOf()).map(candidate => candidate.target.name);

test('lowest-cost: cheapest first, unknown last', t => {
  const names = order(lowestCost(), at('unknown', undefined), at('dear', 2e-6), at('cheap', 1e-6));
  t.strictSame(names, ['cheap', 'dear', 'unknown']);
  t.end();
});

test('lowest-cost: equally cheap ones by expected time', t => {
  const slow = at('slow', 3.4e-10, { latencyMs: 200 });
  const cold = at('cold', 3.5e-10, { latencyMs: 10, warmth: 0.5, setupMs: 1_000 });
  t.strictSame(order(lowestCost(), slow, cold, at('fast', 3.6e-10, { latencyMs: 40 })), ['fast', 'slow', 'cold']);
  t.end();
});

test('an unknown price is never before a known one', t => {
  const any = fc.array(fc.option(fc.double({ min: 0, max: 10, noNaN: true }), { nil: undefined }), { maxLength: 6 });
  const check = () =>
    fc.assert(
      fc.property(any, costs => {
        const given = costs.map((costUsd, index) => at(`t${index}`, costUsd));
        return [lowestCost(), cheapestWithinSlo()].every(policy => {
          const known = policy.order(given, model, requestOf()).map(candidate => candidate.costUsd !== undefined);
          return !known.includes(false) || !known.slice(known.indexOf(false)).includes(true);
        });
      }),
    );
  t.doesNotThrow(check);
  t.end();
});

test('cheapest-within-slo: the cheapest that meets the objective, then the rest by speed', t => {
  const names = order(
    cheapestWithinSlo(),
    at('slowest', 1e-9, { latencyMs: 900, p95Ms: 2_000 }),
    at('slow', 2e-9, { latencyMs: 300, p95Ms: 400 }),
    at('dear', 5e-6, { p95Ms: 60 }),
    at('cheap', 3e-6, { p95Ms: 150 }),
  );
  t.strictSame(names, ['cheap', 'dear', 'slow', 'slowest']);
  t.end();
});

test('cheapest-within-slo: none meets it, so the fastest', t => {
  const cheap = at('cheap', 1e-9, { latencyMs: 300, p95Ms: 400 });
  t.strictSame(order(cheapestWithinSlo(), cheap, at('fast', 5e-6, { latencyMs: 160, p95Ms: 170 })), ['fast', 'cheap']);
  t.strictSame(
    order(cheapestWithinSlo(), cheap, at('fast', 5e-6, { latencyMs: 160, p95Ms: 170 }, 5)),
    ['cheap', 'fast'],
    'calls in flight count',
  );
  t.end();
});

const doesNotMeet: readonly [string, Partial<Estimate>][] = [
  ['its expected set-up', { p95Ms: 80, warmth: 0.5, setupMs: 200 }],
  ['its failures', { p95Ms: 80, failureShare: 0.06 }],
  ['nothing measured', { p95Ms: 80, samples: 0 }],
];
for (const [why, estimate] of doesNotMeet) {
  test(`cheapest-within-slo: a target can miss the objective by ${why}`, t => {
    t.strictSame(order(cheapestWithinSlo(), at('cheap', 1e-9, estimate), at('dear', 1e-5)), ['dear', 'cheap']);
    t.end();
  });
}

test('cheapest-within-slo: an unknown price is taken when only it meets the objective', t => {
  const late = at('late', 1e-9, { latencyMs: 10, p95Ms: 900 });
  t.strictSame(order(cheapestWithinSlo(), late, at('unknown', undefined)), ['unknown', 'late']);
  t.end();
});
