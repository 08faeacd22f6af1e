import { type Test, test } from 'tap';
import type { Canaries } from '../../../src/rollout/canary/canaries.ts';
import { type CanaryReplicas, canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';
import { requestOf } from '../../helpers/routing-fixtures.ts';

/** A canary of v2 that runs while an operator gives these weights in the config. */
async function onTrial(t: Test, weights: Readonly<Record<string, number>>) {
  const replicas = canaryReplicas({ steps: [20, 100], lookEveryMs: 250, warmUpCalls: 0 });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice', {});
  await replicas.pass(500);
  give(replicas, weights);
  return { replicas, canaries };
}

function give(replicas: CanaryReplicas, weights: Readonly<Record<string, number>>): void {
  const { model } = replicas;
  const versions = model.versions.map(version => ({ ...version, weight: weights[version.name] ?? version.weight }));
  replicas.model = { ...model, versions };
}

/** Versions that any of a hundred calls is given to. */
function served({ model }: CanaryReplicas, canaries: Canaries): string {
  const all = Array.from({ length: 100 }, (_, call) => {
    const request = { ...requestOf(), id: `call-${call}` } as never;
    return canaries.split(model, request, model.versions).versions.map(({ name }) => name);
  }).flat();
  return [...new Set(all)].sort().join();
}

test('a version that is condemned gets no calls, though it was given weight while it was on trial', async t => {
  const { replicas, canaries } = await onTrial(t, { v2: 100 });
  for (let call = 0; call < 60; call += 1) {
    for (let other = 0; other < 4; other += 1) canaries.hear(canaryCalled('ok', 'stable'));
    canaries.hear(canaryCalled('backend-fault'));
  }
  await replicas.pass(1_000);
  t.match(canaries.record('rain'), { state: 'rolled-back' });
  t.equal(served(replicas, canaries), 'v1');
  t.match([canaries.stableOf('rain'), canaries.outOf('rain')], ['v1', 'v2']);
  t.equal(canaries.carries('rain', 'v2'), false);
  const again = { code: 'conflict', message: /v2 ended its canary, and would get calls by its weight again/ };
  await t.rejects(canaries.start('rain', 'v3', 'alice', {}), again);
  give(replicas, { v2: 50 });
  t.equal(served(replicas, canaries), 'v1,v2', 'weights that are edited afterwards are newer');
  t.equal(canaries.carries('rain', 'v2'), true);
  t.equal(canaries.outOf('rain'), undefined);
});

test('nor does one that is aborted, before or after its promotion; other versions keep their weights', async t => {
  for (const promoted of [false, true]) {
    const { replicas, canaries } = await onTrial(t, { v2: 100, v3: 50 });
    if (promoted) await canaries.act('rain', 'promote', 'alice');
    await canaries.act('rain', 'abort', 'bob');
    t.equal(served(replicas, canaries), 'v1,v3');
  }
});

test('where no other version has weight, it serves: nobody else would', async t => {
  const { replicas, canaries } = await onTrial(t, { v1: 0, v2: 100 });
  await canaries.act('rain', 'abort', 'bob');
  t.equal(served(replicas, canaries), 'v2');
  t.match([canaries.stableOf('rain'), canaries.outOf('rain')], ['v2', undefined]);
});
