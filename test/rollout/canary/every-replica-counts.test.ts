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
