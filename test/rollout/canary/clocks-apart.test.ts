import { test } from 'tap';
import { canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';

const guards = { errors: { marginPoints: 50 }, predictions: { action: 'off' } } as never;
const plan = { steps: [50, 80, 100], minSample: 10, bakeMs: 60_000, lookEveryMs: 1_000, warmUpCalls: 0, guards };

for (const aheadMs of [3_600_000, -3_600_000]) {
  test(`a replica whose clock is ${aheadMs > 0 ? 'ahead' : 'behind'} by an hour takes no step that has not baked`, async t => {
    const replicas = canaryReplicas(plan);
    const [right, wrong] = [replicas.add(), replicas.add(aheadMs)];
    t.teardown(() => {
      for (const each of [right, wrong]) each.stop();
    });
    await replicas.pass(10_000);
    await right.start('rain', 'v2', 'alice');
    const wellFor = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        for (const each of [right, wrong]) {
          each.hear(canaryCalled('ok', 'canary'));
          each.hear(canaryCalled('ok', 'stable'));
        }
        await replicas.pass(1_000);
      }
      return right.record('rain')?.step;
    };
    t.equal(await wellFor(50), 0);
    t.equal(await wellFor(20), 1, 'nor does it hold the others up');
    if (aheadMs > 0) t.equal(await wellFor(30), 1);
  });
}
