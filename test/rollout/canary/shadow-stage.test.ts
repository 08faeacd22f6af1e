import { test } from 'tap';
import type { Canaries } from '../../../src/rollout/canary/canaries.ts';
import { statusOf } from '../../../src/rollout/canary/status.ts';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';
import { targetOf } from '../../helpers/routing-fixtures.ts';

const shadowFirst = { share: 1, minSample: 100, bakeMs: 0, maxFailures: 0.05, minAgreement: 0.9 };
const options = { lookEveryMs: 1_000, holdAfterMs: 3_600_000, shadowFirst };
const target = targetOf({ version: 'v2', region: 'us-east-1' });
const rebuilt = {
  type: 'build-changed',
  target,
  detail: 'other images',
  build: 'b2',
  deployedAtMs: undefined,
} as const;
const stateOf = (canaries: Canaries) => canaries.record('rain')?.state;

test('what every replica mirrored counts, once', async t => {
  const replicas = canaryReplicas(options);
  const [one, other] = [replicas.add(), replicas.add()];
  t.teardown(() => {
    for (const each of [one, other]) each.stop();
  });
  await one.start('rain', 'v2', 'alice');
  await replicas.pass(250);
  replicas.mirrored = { made: 40, agreed: 39, failed: 0 };
  await replicas.pass(5_000);
  t.match(one.record('rain')?.evidence.mirrored, { made: 80, agreed: 78, failed: 0 });
  const record = one.record('rain');
  t.match(record && statusOf(record, replicas.clock.wallMs()), {
    stepCalls: 80,
    stepNeeds: 100,
    waitsFor: ['80 of 100 mirrored calls: 97.5 % agree, 0.0 % failed'],
  });
  replicas.mirrored = { made: 50, agreed: 49, failed: 0 };
  await replicas.pass(5_000);
  t.match(other.record('rain'), { state: 'stepping', step: 0, reason: '100 mirrored calls were compared' });
});

test('what was mirrored before a restart still counts', async t => {
  const replicas = canaryReplicas(options);
  const before = replicas.add();
  await before.start('rain', 'v2', 'alice');
  await replicas.pass(250);
  replicas.mirrored = { made: 60, agreed: 60, failed: 0 };
  await replicas.pass(2_000);
  before.stop();
  replicas.mirrored = { made: 0, agreed: 0, failed: 0 };
  const after = replicas.add();
  t.teardown(after.stop);
  await replicas.pass(2_000);
  t.match(after.record('rain'), { state: 'shadowing', evidence: { mirrored: { made: 60 } } });
  replicas.mirrored = { made: 40, agreed: 40, failed: 0 };
  await replicas.pass(2_000);
  t.equal(stateOf(after), 'stepping');
});

test('a new build in the shadow stage is shadowed again when a person resumes it', async t => {
  const replicas = canaryReplicas(options);
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  await replicas.pass(250);
  replicas.mirrored = { made: 90, agreed: 90, failed: 0 };
  await replicas.pass(2_000);
  canaries.hear(rebuilt);
  await replicas.pass(500);
  t.equal(stateOf(canaries), 'held');
  await canaries.act('rain', 'resume', 'bob');
  await replicas.pass(250);
  t.match(canaries.record('rain'), { state: 'shadowing', step: -1 });
  replicas.mirrored = { made: 100, agreed: 100, failed: 0 };
  await replicas.pass(2_000);
  t.match(canaries.record('rain'), { state: 'shadowing', evidence: { mirrored: { made: 10 } } });
});

test('answers that do not agree hold it, and a person may let them pass', async t => {
  const replicas = canaryReplicas(options);
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  await replicas.pass(250);
  replicas.mirrored = { made: 200, agreed: 120, failed: 0 };
  await replicas.pass(2_000);
  t.match(canaries.record('rain'), { state: 'held', reason: '60.0 % of 200 mirrored answers agree' });
  await canaries.act('rain', 'resume', 'bob');
  t.match(canaries.record('rain'), { state: 'stepping', step: 0 });
});
