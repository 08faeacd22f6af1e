import fc from 'fast-check';
import { test } from 'tap';
import { policyNames } from '../../src/core/model.ts';
import { hardExclusion } from '../../src/routing/candidates.ts';
import type { Exclusion } from '../../src/routing/router.ts';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-1'] as const;
const kinds = ['sagemaker-realtime', 'sagemaker-serverless', 'sagemaker-multi-model'] as const;
const healthy = ['drained', 'evacuated', 'ejected', 'throttled', 'full', 'trial', 'well', 'well', 'well'] as const;

const anyTarget = fc.record({
  region: fc.constantFrom(...regions),
  kind: fc.constantFrom(...kinds),
  health: fc.constantFrom(...healthy),
  share: fc.constantFrom(0, 0.1, 1),
  inFlight: fc.nat(64),
  weight: fc.nat(3),
  latencyMs: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
  failed: fc.boolean(),
  priced: fc.boolean(),
});

const anyAsking = fc.record({
  hints: fc.constantFrom(
    {},
    { residency: 'eu' },
    { region: { pin: 'us-east-1' } },
    { region: { exclude: 'eu-west-1' } },
    { prefer: 'cost' as const },
    { prefer: 'balanced' as const, session: 's' },
  ),
  fields: fc.constantFrom({}, { targetModel: 'SEA' }, { targetVariant: 'blue' }),
  caller: fc.constantFrom({}, { residency: new Set(['us', 'eu']) }),
  bodyBytes: fc.constantFrom(0, 1_000, 5_000_000, 30_000_000),
});

test('every eligible and available target is a candidate, every other one is excluded with its reason', t => {
  const check = () =>
    fc.assert(
      fc.property(
        fc.array(anyTarget, { maxLength: 6 }),
        anyAsking,
        fc.constantFrom(...policyNames),
        fc.integer(),
        (all, asking, policy, seed) => {
          const { routing, states, clock, add } = routingBench(seed);
          const targets = all.map(({ region, kind, weight, priced }, index) =>
            targetOf({
              region,
              kind,
              weight,
              name: `t${index}`,
              ...(!priced && { price: { basis: 'unknown' } as const }),
            }),
          );
          const version = versionOf(targets);
          const model = add(modelOf([version], { policy, warmShare: 0.2 }));
          const request = requestOf(asking);
          const expected = new Map<string, Exclusion | 'candidate'>();
          for (const [index, target] of targets.entries()) {
            const { health, share, inFlight, latencyMs, failed } = all[index] ?? {
              health: 'well',
              share: 1,
              inFlight: 0,
              latencyMs: 1,
              failed: false,
            };
            states.shares.set(target.id, share);
            states.flying.set(target.id, inFlight);
            if (health === 'trial') states.availability.set(target.id, { usable: true, trial: true });
            else if (health !== 'well') states.availability.set(target.id, { usable: false, why: health });
            if (latencyMs !== undefined) routing.measure(target, 'ok', latencyMs, request);
            if (failed) routing.measure(target, 'backend-fault', 1, request);
            const why = hardExclusion(model, target, request);
            expected.set(target.id, why ?? (health === 'well' || health === 'trial' ? 'candidate' : health));
          }
          for (let call = 0; call < 4; call += 1) {
            clock.advance(5_000);
            const { candidates, excluded } = routing.router.route(model, version, request);
            const found = new Map<string, string>(candidates.map(candidate => [candidate.target.id, 'candidate']));
            for (const { target, why } of excluded) found.set(target.id, why);
            if (candidates.length + excluded.length !== targets.length || found.size !== targets.length) return false;
            for (const [id, what] of expected) if (found.get(id) !== what) return false;
          }
          return true;
        },
      ),
      { numRuns: 300 },
    );
  t.doesNotThrow(check);
  t.end();
});
