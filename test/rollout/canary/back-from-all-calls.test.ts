import { test } from 'tap';
import type { InferenceRequest } from '../../../src/core/request.ts';
import { shareOf } from '../../../src/rollout/canary/record.ts';
import { canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';

const plan = { steps: [50, 100], minSample: 100, bakeMs: 0, lookEveryMs: 1_000, warmUpCalls: 0 };
const guards = { latency: { action: 'off', margin: 0.25 }, predictions: { action: 'off', distance: 0.2 } } as const;

/** A canary in one process, to which calls are made; each side fails so often. */
async function running() {
  const replicas = canaryReplicas({ ...plan, guards: guards as never });
  const canaries = replicas.add();
  await canaries.start('rain', 'v2', 'alice');
  let made = 0;
  const record = () => canaries.record('rain');
  const rounds = async (times: number, failsEvery: { canary: number; stable: number }) => {
    for (let round = 0; round < times && record()?.state === 'stepping'; round += 1) {
      for (let call = 0; call < 200; call += 1) {
        made += 1;
        const told = canaryCalled();
        const request = { ...told.request, id: `${made}` } as InferenceRequest;
        const { arm } = canaries.split(replicas.model, request, replicas.model.versions);
        const side = arm?.side ?? 'stable';
        const failed = made % failsEvery[side] === 0;
        canaries.hear({ ...canaryCalled(failed ? 'backend-fault' : 'ok', side), request, arm });
      }
      await replicas.pass(1_000);
      const now = record();
      if (now !== undefined && now.stepCalls.calls === 0) return; // at the next place
    }
  };
  return { record, rounds, stop: () => canaries.stop() };
}

const never = 1_000_000;

test('a canary that fails a third of all calls at 100 % goes back to 50 %, and is rolled back beside stable', async t => {
  const { record, rounds, stop } = await running();
  t.teardown(stop);
  await rounds(40, { canary: never, stable: never });
  t.equal(shareOf(record() ?? (t.fail('none runs') as never)), 1);
  await rounds(5, { canary: 3, stable: never });
  const back = record();
  t.match(back, { state: 'stepping', step: 0, verified: 1, reason: /no stable call is beside it/ });
  await rounds(5, { canary: 3, stable: never });
  t.match(record(), { state: 'rolled-back', reason: /^error/ });
  t.same(
    record()?.audit.flatMap(({ act }) => (act === 'look' ? [] : [act])),
    ['start', 'step', 'verify', 'condemn'],
  );
});

test('where stable does as badly by then, it goes on', async t => {
  const { record, rounds, stop } = await running();
  t.teardown(stop);
  await rounds(40, { canary: never, stable: never });
  await rounds(5, { canary: 3, stable: 3 });
  t.match(record(), { step: 0, verified: 1 });
  await rounds(60, { canary: 25, stable: 25 });
  await rounds(5, { canary: 25, stable: 25 });
  t.equal(record()?.state, 'promoted', record()?.reason ?? '');
});
