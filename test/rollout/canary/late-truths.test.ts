import { test } from 'tap';
import type { GatewayEvent } from '../../../src/core/events.ts';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';

type Told = Extract<GatewayEvent, { type: 'truth-joined' }>;

test('truths count for the side their call was drawn to, and only those of this canary’s calls', async t => {
  const replicas = canaryReplicas();
  const canaries = replicas.add();
  t.teardown(() => canaries.stop());
  await replicas.pass(1_000);
  const before = replicas.clock.wallMs();
  await replicas.pass(1_000);
  await canaries.start('rain', 'v2', 'alice', { changes: { lookEveryMs: 250 } });
  await replicas.pass(1_000);
  const tell = (version: string, side: 'canary' | 'stable', more: Partial<NonNullable<Told['drawn']>> = {}) =>
    canaries.hear({
      ...{ type: 'truth-joined', model: 'rain', version, inferenceId: 'a', predicted: 'dry', truth: 'rain' },
      drawn: {
        arm: { canary: 'v2', side, share: 0.01 },
        region: 'us-east-1',
        answeredAtMs: replicas.clock.wallMs(),
        ...more,
      },
    });
  const counted = async () => {
    await replicas.pass(1_000);
    const { open = {} } = canaries.record('rain')?.evidence.loss ?? {};
    return Object.entries(open).map(([where, { canary, stable }]) => [where, canary.count, stable.count]);
  };
  tell('v2', 'canary');
  tell('v1', 'stable');
  tell('v1', 'stable');
  t.same(await counted(), [['us-east-1/0.01', 1, 2]]);
  tell('v1', 'canary'); // stable answered where the canary had failed
  tell('v1', 'stable', { answeredAtMs: before });
  tell('v1', 'stable', { arm: { canary: 'v3', side: 'stable', share: 0.01 } });
  canaries.hear({
    ...{ type: 'truth-joined', model: 'rain', version: 'v1', inferenceId: 'b', predicted: 'dry', truth: 'rain' },
  });
  t.same(await counted(), [['us-east-1/0.01', 1, 2]], 'none of these');
  tell('v2', 'canary', { arm: { canary: 'v2', side: 'canary', share: 0.25 } });
  t.same(await counted(), [
    ['us-east-1/0.01', 1, 2],
    ['us-east-1/0.25', 1, 0],
  ]);
});
