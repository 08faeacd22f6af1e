import fc from 'fast-check';
import { test } from 'tap';
import { policyNames } from '../../src/core/model.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createPolicies, policyFor } from '../../src/routing/policies/registry.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { candidateOf, modelOf, requestOf, targetOf } from '../helpers/routing-fixtures.ts';

/** Candidates of every sort, with the same targets in the same order as their index. */
const anyCandidates = fc
  .array(
    fc.record({
      latencyMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
      p95Ms: fc.double({ min: 0, max: 20_000, noNaN: true }),
      samples: fc.constantFrom(0, 1, 500),
      failureShare: fc.double({ min: 0, max: 1, noNaN: true }),
      warmth: fc.double({ min: 0, max: 1, noNaN: true }),
      inFlight: fc.nat(100),
      costUsd: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      weight: fc.constantFrom(0, 1, 5),
    }),
    { maxLength: 6 },
  )
  .map(all =>
    all.map(({ inFlight, costUsd, weight, ...estimate }, index) =>
      candidateOf(targetOf({ name: `t${index}`, weight }), {
        inFlight,
        costUsd,
        estimate: { setupMs: 900, ...estimate },
      }),
    ),
  );

for (const name of policyNames) {
  test(`${name} returns a permutation and leaves its argument alone`, t => {
    const check = () =>
      fc.assert(
        fc.property(
          anyCandidates,
          fc.integer(),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (given, seed, costWeight) => {
            const policies = createPolicies({
              clock: manualClock(),
              random: seededRandom(seed),
              incumbents: new Map(),
            });
            const before = given.slice();
            const order = policies[name].order(given, modelOf([], { costWeight }), requestOf());
            const untouched = given.every((candidate, index) => candidate === before[index]);
            return untouched && order.length === given.length && new Set(order).size === new Set(given).size;
          },
        ),
      );
    t.doesNotThrow(check);
    t.end();
  });
}

test('a caller’s wish outranks the model’s policy', t => {
  const model = modelOf([], { policy: 'ordered' });
  t.equal(policyFor(model, requestOf()), 'ordered');
  t.equal(policyFor(model, requestOf({ hints: { prefer: 'latency' } })), 'lowest-latency');
  t.equal(policyFor(model, requestOf({ hints: { prefer: 'cost' } })), 'lowest-cost');
  t.equal(policyFor(model, requestOf({ hints: { prefer: 'balanced' } })), 'balanced');
  t.end();
});
