import { test } from 'tap';
import type { Permit } from '../../src/health/health.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1', { maxConcurrency: 64 });

test('a fleet’s concurrency is shared out, no replica gets none, and a change holds at once', async t => {
  let replicas = 1;
  const { health } = healthFixture(t, { targets: [target], replicas: () => replicas });
  const slots = (count: number) => {
    replicas = count;
    return health.describe(target).slots;
  };
  t.same([1, 3, 64, 100].map(slots), [64, 21, 1, 1]);
  replicas = 16;
  const held: Permit[] = [];
  for (let permit = health.acquire(target, 'call'); permit; permit = health.acquire(target, 'call')) held.push(permit);
  t.equal(held.length, 4);
  t.same(health.available(target), { usable: false, why: 'full' });
  replicas = 8;
  t.equal(health.available(target).usable, true);
  for (const permit of held) permit.settle(resultOf('ok'));
});
