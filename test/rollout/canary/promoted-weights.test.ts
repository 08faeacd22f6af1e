import { test } from 'tap';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';

/** The same versions, v3 with some of the calls too. */
function edited(replicas: ReturnType<typeof canaryReplicas>): void {
  const { model } = replicas;
  const versions = model.versions.map(version => (version.name === 'v3' ? { ...version, weight: 5 } : version));
  replicas.model = { ...model, versions };
}

test('a promotion holds although the config’s weights changed while the canary ran', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  edited(replicas);
  await replicas.pass(250);
  await canaries.act('rain', 'promote', 'bob');
  t.equal(canaries.record('rain')?.state, 'promoted');
  t.equal(canaries.stableOf('rain'), 'v2');
});

test('weights that change after a promotion are newer than it', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  await canaries.act('rain', 'promote', 'bob');
  t.equal(canaries.stableOf('rain'), 'v2');
  edited(replicas);
  t.equal(canaries.stableOf('rain'), 'v1');
});

test('after another canary has ended, the way back from a promotion is told, and leads back', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  await canaries.act('rain', 'promote', 'bob');
  await canaries.start('rain', 'v3', 'alice');
  await canaries.act('rain', 'abort', 'bob');
  await t.rejects(canaries.act('rain', 'abort', 'bob'), { message: /v2 is in charge .*canary start rain VERSION/ });
  await canaries.start('rain', 'v1', 'bob');
  await canaries.act('rain', 'promote', 'bob');
  t.equal(canaries.stableOf('rain'), 'v1');
  await canaries.act('rain', 'abort', 'bob');
  await t.rejects(canaries.act('rain', 'abort', 'bob'), { message: /v2 is in charge/ });
});

test('a promoted version that is taken out of the config is in charge no more', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  await canaries.act('rain', 'promote', 'bob');
  const { model } = replicas;
  replicas.model = { ...model, versions: model.versions.filter(({ name }) => name !== 'v2') };
  t.equal(canaries.stableOf('rain'), 'v1');
  await canaries.start('rain', 'v3', 'alice');
  t.match(canaries.record('rain'), { canary: 'v3', stable: 'v1', base: undefined });
});

test('a start cannot do without the second person that the config asks for', async t => {
  const replicas = canaryReplicas({ approval: 'second-person' });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await t.rejects(canaries.start('rain', 'v2', 'alice', { changes: { approval: 'none' } }), {
    code: 'invalid-request',
  });
  await canaries.start('rain', 'v2', 'alice');
  t.equal(canaries.record('rain')?.plan.approval, 'second-person');
});

test('calls go to what has weight and what is on trial, then to what was promoted alone', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  const carrying = () => ['v1', 'v2', 'v3', 'v4', '__proto__'].filter(version => canaries.carries('rain', version));
  t.same(carrying(), ['v1']);
  await canaries.start('rain', 'v2', 'alice');
  t.same(carrying(), ['v1', 'v2']);
  await canaries.act('rain', 'promote', 'bob');
  t.same(carrying(), ['v2']);
  t.equal(canaries.carries('nobody', 'v1'), false);
  edited(replicas);
  t.same(carrying(), ['v1', 'v3'], 'as the config says again');
});
