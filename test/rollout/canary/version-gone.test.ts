import { type Test, test } from 'tap';
import { canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';

const guards = { errors: { marginPoints: 50 }, predictions: { action: 'off' } } as never;

/** A canary of v2 that has what its step takes but for five seconds of baking. */
async function almostPassed(t: Test, plan: Parameters<typeof canaryReplicas>[0] = {}) {
  const replicas = canaryReplicas({
    ...{ steps: [20, 100], minSample: 10, bakeMs: 5_000, lookEveryMs: 250, warmUpCalls: 0, ...plan },
    guards,
  });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice', {});
  await replicas.pass(500);
  for (let call = 0; call < 200; call += 1) {
    canaries.hear(canaryCalled('ok', 'stable'));
    if (call % 4 === 0) canaries.hear(canaryCalled());
  }
  await replicas.pass(1_000);
  const { model } = replicas;
  const without = { ...model, versions: model.versions.filter(({ name }) => name !== 'v2') };
  return { replicas, canaries, model, without };
}

test('a version that is taken out of the config takes no step meanwhile, and is held after half a minute', async t => {
  const there = await almostPassed(t);
  await there.replicas.pass(5_000);
  t.match(there.canaries.record('rain'), { state: 'stepping', step: 1 }, 'it would have passed');
  const { replicas, canaries, model, without } = await almostPassed(t);
  replicas.model = without;
  await replicas.pass(20_000);
  t.match(canaries.record('rain'), { state: 'stepping', step: 0 });
  await replicas.pass(20_000);
  t.match(canaries.record('rain'), { state: 'held', step: 0, reason: /v2 is not configured any more/ });
  replicas.model = model;
  await canaries.act('rain', 'resume', 'bob');
  await replicas.pass(1_000);
  t.match(canaries.record('rain'), { state: 'stepping' });
});

test('nobody gives more calls to a version that is not configured: whoever adds its name would serve them', async t => {
  const { replicas, canaries, model, without } = await almostPassed(t, { approval: 'second-person' });
  const gone = { code: 'conflict', message: /v2 is not configured any more: add it to rain again, or abort/ };
  replicas.model = without;
  await t.rejects(canaries.act('rain', 'promote', 'alice'), gone);
  await canaries.act('rain', 'pause', 'alice');
  await t.rejects(canaries.act('rain', 'resume', 'alice'), gone);
  replicas.model = model;
  await canaries.act('rain', 'promote', 'alice');
  replicas.model = without;
  await t.rejects(canaries.act('rain', 'approve', 'bob'), gone);
  t.match(canaries.record('rain'), { state: 'awaiting-approval' });
  await canaries.act('rain', 'abort', 'alice');
  t.match(canaries.record('rain'), { state: 'aborted' });
});
