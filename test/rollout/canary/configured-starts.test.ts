import { test } from 'tap';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';

test('a canary that the config asks for and that was refused begins when the config is mended', async t => {
  const replicas = canaryReplicas({ version: 'v2' });
  const mended = replicas.model;
  const versions = mended.versions.map(version => (version.name === 'v2' ? { ...version, weight: 5 } : version));
  replicas.model = { ...mended, versions };
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await replicas.pass(1_000);
  t.equal(canaries.record('rain'), undefined, 'it has calls by its weight');
  replicas.model = mended;
  await replicas.pass(500);
  t.match(canaries.record('rain'), { canary: 'v2', state: 'stepping', startedBy: 'config' });
});

test('one that has ended does not begin again with another config', async t => {
  const replicas = canaryReplicas({ version: 'v2' });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await replicas.pass(500);
  await canaries.act('rain', 'abort', 'bob');
  replicas.model = { ...replicas.model };
  await replicas.pass(1_000);
  t.equal(canaries.record('rain')?.state, 'aborted');
});
