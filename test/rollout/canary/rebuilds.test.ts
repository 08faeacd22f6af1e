import { test } from 'tap';
import type { Canaries } from '../../../src/rollout/canary/canaries.ts';
import { rebuilt } from '../../../src/rollout/canary/rebuilds.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { calls, newCanary, show } from '../../helpers/canary-record.ts';
import { canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';
import { targetOf } from '../../helpers/routing-fixtures.ts';

const target = targetOf({ version: 'v2', region: 'us-east-1' });
const noticed = (build: string, deployedAtMs?: number) =>
  ({ type: 'build-changed', target, detail: 'other images', build, deployedAtMs }) as const;
const stateOf = (canaries: Canaries) => canaries.record('rain')?.state;

test('a build that is noticed while the replicas are apart holds the canary when they are together again', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  replicas.apart = true;
  canaries.hear(noticed('b2'));
  await replicas.pass(1_000);
  t.equal(stateOf(canaries), 'stepping', 'nothing can be changed');
  replicas.apart = false;
  await replicas.pass(500);
  t.equal(stateOf(canaries), 'held');
  t.match(canaries.record('rain')?.reason, /another build stands behind v2@us-east-1.*other images/);
  await canaries.act('rain', 'resume', 'bob');
  await replicas.pass(500);
  t.equal(stateOf(canaries), 'stepping', 'it is told once');
});

test('a canary that was resumed is not held by another replica that notices the same build later', async t => {
  const replicas = canaryReplicas();
  const [one, other] = [replicas.add(), replicas.add()];
  t.teardown(() => {
    for (const each of [one, other]) each.stop();
  });
  await one.start('rain', 'v2', 'alice');
  one.hear(noticed('b2'));
  await replicas.pass(250);
  t.equal(stateOf(one), 'held');
  await one.act('rain', 'resume', 'bob');
  other.hear(noticed('b2'));
  await replicas.pass(500);
  t.equal(stateOf(one), 'stepping');
  other.hear(noticed('b3'));
  await replicas.pass(500);
  t.equal(stateOf(one), 'held', 'a third build');
});

test('calls that the former build answered are not counted for the new one', async t => {
  const replicas = canaryReplicas({ lookEveryMs: 1_000, warmUpCalls: 0 });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  for (let call = 0; call < 30; call += 1) canaries.hear(canaryCalled());
  await replicas.pass(1_250);
  t.equal(canaries.record('rain')?.stepCalls.calls, 30);
  for (let call = 0; call < 30; call += 1) canaries.hear(canaryCalled()); // not looked at yet
  canaries.hear(noticed('b2'));
  await replicas.pass(250);
  await canaries.act('rain', 'resume', 'bob');
  for (let call = 0; call < 7; call += 1) canaries.hear(canaryCalled());
  await replicas.pass(2_000);
  t.match(canaries.record('rain'), { state: 'stepping', stepCalls: { calls: 7 }, era: 1 });
});

test('evidence begins anew in whatever state the canary is, and what is no news changes nothing', t => {
  const counts = { ...calls('canary', 'us-east-1', 100, 10), ...calls('stable', 'us-east-1', 400) };
  const { record } = show(newCanary(), 5_000, counts);
  const held = rebuilt({ ...record, waived: ['cost'] }, [noticed('b2')], 6_000);
  t.match(held, { state: 'held', stepCalls: { calls: 0 }, stepSinceMs: 6_000, waived: [], era: 1 });
  t.ok(record.evidence.errors.mostLog > 3);
  t.equal(held && reportsOf(held).find(({ guard }) => guard === 'errors')?.statistic, 1);
  t.equal(held && rebuilt(held, [noticed('b2')], 7_000), undefined, 'known');
  const again = held && rebuilt(held, [noticed('b3')], 7_000);
  t.match(again, { state: 'held', era: 2, builds: { [target.id]: 'b3' } });
  t.match(again?.audit.at(-1), { act: 'rebuild', reason: /other images/ });
  t.match(rebuilt({ ...record, state: 'paused' }, [noticed('b2')], 6_000), { state: 'held' });
  t.equal(rebuilt({ ...record, state: 'rolled-back' }, [noticed('b2')], 6_000), undefined, 'over');
  const started = { ...record, startedAtMs: 60_000 };
  t.equal(rebuilt(started, [noticed('b2', 30_000)], 90_000), undefined, 'it began with that build');
  t.match(rebuilt(started, [noticed('b2', 70_000)], 90_000), { state: 'held' });
  t.end();
});
