import { test } from 'tap';
import type { Model } from '../../src/core/model.ts';
import type { Target } from '../../src/core/target.ts';
import { failure } from '../../src/inference/call-failed.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const [east, west] = [targetIn('us-east-1'), targetIn('us-west-2')];
const model = { name: 'rain', exhaustedStatus: 503 } as Model;

test('a caller is told to come back when the first target does', async t => {
  const { health, permit } = healthFixture(t, { targets: [east, west] });
  const told = (away: readonly Target[]) =>
    failure(health, model, { by: 'health', shed: false, ill: [], away, trail: [] }, []).error.retryAfterSeconds;
  permit(east).settle(resultOf('throttled', 12_000));
  t.equal(told([east]), 12, 'the pause it asked for');
  for (let failures = 0; failures < 5; failures += 1) permit(west).settle(resultOf('backend-fault'));
  const ejectedFor = Math.ceil(health.describe(west).ejectedForMs / 1_000);
  t.ok(ejectedFor > 12);
  t.equal(told([west]), Math.min(30, ejectedFor), 'the end of its ejection, but never more than half a minute');
  t.equal(told([east, west]), 12, 'the sooner of both');
  t.equal(told([]), 1, 'drained by an operator: nobody knows');
});

test('a retry-after heard from an upstream is passed on', async t => {
  const { health } = healthFixture(t, { targets: [east] });
  const trail = [{ target: east, result: resultOf('throttled', 3_200), reason: 'first' as const }];
  t.equal(failure(health, model, { by: 'backends', trail }, trail).error.retryAfterSeconds, 4);
});
