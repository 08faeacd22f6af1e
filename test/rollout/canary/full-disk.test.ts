import { test } from 'tap';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';
import { memoryState } from '../../helpers/memory-state.ts';

test('a canary that the disk does not take begins when it does; people are told, once a minute', async t => {
  let full = true;
  const store = memoryState();
  const replace: typeof store.replace = async (...change) => {
    if (full) throw new Error('ENOSPC');
    return store.replace(...change);
  };
  const replicas = canaryReplicas({ version: 'v2' }, { store: () => ({ ...store, replace }) });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await replicas.pass(90_000);
  t.equal(canaries.record('rain'), undefined);
  t.strictSame(new Set(replicas.warned), new Set(['the canary of rain cannot be written down: Error: ENOSPC']));
  t.equal(replicas.warned.length, 2);
  await t.rejects(canaries.start('rain', 'v2', 'anna'), { code: 'internal', status: 503 }, 'not that Redis is away');
  full = false;
  await replicas.pass(1_000);
  t.match(canaries.record('rain'), { state: 'stepping', startedBy: 'config' });
});
