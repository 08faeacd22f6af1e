import { test } from 'tap';
import { canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';

test('a replica that is never the first to look has its calls counted all the same', async t => {
  const replicas = canaryReplicas({ lookEveryMs: 250, warmUpCalls: 0 });
  const early = replicas.add();
  await replicas.pass(125);
  const late = replicas.add();
  t.teardown(() => {
    for (const each of [early, late]) each.stop();
  });
  await early.start('rain', 'v2', 'alice');
  for (let turn = 0; turn < 20; turn += 1) {
    early.hear(canaryCalled());
    late.hear(canaryCalled());
    await replicas.pass(250);
  }
  const counted = early.record('rain')?.stepCalls.calls ?? 0;
  t.ok(counted >= 36 && counted <= 40, `${counted} of 40, but the last ones`);
});

test('a run of failures is looked at soon, and not at every failure', async t => {
  const replicas = canaryReplicas({ lookEveryMs: 60_000, warmUpCalls: 0 });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  for (let call = 0; call < 250; call += 1) {
    canaries.hear(canaryCalled('backend-fault'));
    await replicas.pass(1);
  }
  const looks = canaries.record('rain')?.looks ?? 0;
  t.ok(looks >= 2 && looks <= 3, `${looks} looks in a quarter of a second`);
});
