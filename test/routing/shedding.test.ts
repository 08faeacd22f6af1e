import { test } from 'tap';
import type { PolicyName } from '../../src/core/model.ts';
import { policyNames } from '../../src/core/model.ts';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const east = targetOf({ region: 'us-east-1' });
const west = targetOf({ region: 'us-west-2' });
const calls = 10_000;

/** Share of calls that go to `east` first, with these shares given by health. */
function eastFirst(policy: PolicyName, shares: { east: number; west: number }): number {
  const { routing, states, add, answer } = routingBench(5);
  const version = versionOf([east, west]);
  const model = add(modelOf([version], { policy }));
  answer(east, 20, 50, 10);
  answer(west, 100, 50, 10);
  states.shares.set(east.id, shares.east);
  states.shares.set(west.id, shares.west);
  let firsts = 0;
  for (let call = 0; call < calls; call += 1) {
    const { candidates } = routing.router.route(model, version, requestOf());
    if (candidates.length !== 2) throw new Error('shedding lost a candidate');
    if (candidates[0]?.target === east) firsts += 1;
  }
  return firsts / calls;
}

for (const policy of policyNames) {
  test(`${policy}: a restrained target gets that much less`, t => {
    const free = eastFirst(policy, { east: 1, west: 1 });
    t.ok(Math.abs(free - (policy === 'weighted' ? 0.5 : 1)) < 0.02, `unrestrained ${free}`);
    for (const share of [0.1, 0.5]) {
      const got = eastFirst(policy, { east: share, west: 1 });
      t.ok(Math.abs(got - free * share) < 0.02, `${share}: ${got}`);
    }
    t.end();
  });
}

test('when all are restrained alike nothing changes', t => {
  t.equal(eastFirst('ordered', { east: 0.2, west: 0.2 }), 1);
  t.end();
});

test('when all are restrained the least restrained stands for the whole', t => {
  const got = eastFirst('ordered', { east: 0.1, west: 0.4 });
  t.ok(Math.abs(got - 0.25) < 0.02, `${got}`);
  t.end();
});
