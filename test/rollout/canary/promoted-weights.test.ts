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
