import { test } from 'tap';
import type { Model } from '../../../src/core/model.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { canaryCalled, canaryReplicas, ofSession } from '../../helpers/canary-replicas.ts';

const plan = { steps: [50, 100], minSample: 1_000_000, lookEveryMs: 1_000, warmUpCalls: 0 };

/** Callers who call again and again, each with a session; tells how the canary's refusals look then. */
async function refusals(refused: (session: number, side: 'canary' | 'stable') => boolean) {
  const replicas = canaryReplicas(plan);
  const canaries = replicas.add();
  await canaries.start('rain', 'v2', 'alice');
  const model: Model = replicas.model;
  for (let round = 0; round < 20; round += 1) {
    for (let session = 0; session < 60; session += 1) {
      const request = ofSession(canaryCalled(), `caller ${session}`, `${round}-${session}`);
      const side = canaries.split(model, request, model.versions).arm?.side ?? 'stable';
      const called = canaryCalled(refused(session, side) ? 'caller-fault' : 'ok', side);
      canaries.hear({ ...called, request });
    }
    await replicas.pass(1_000);
  }
  canaries.stop();
  const record = canaries.record('rain');
  const report = record && reportsOf(record).find(({ guard }) => guard === 'callerFaults');
  return { state: record?.state, faults: record?.evidence.regions['us-east-1']?.canary.callerFaults, report };
}

test('a caller whose input is always refused does not condemn the version it happens to be on', async t => {
  let bad: number | undefined;
  const { state, faults, report } = await refusals((session, side) => {
    if (side === 'canary') bad ??= session;
    return session === bad;
  });
  t.equal(faults, 20, 'it is shown');
  t.match({ state, verdict: report?.verdict }, { state: 'stepping', verdict: 'fine' });
});

test('a version that refuses everybody’s good input is condemned', async t => {
  t.equal((await refusals((session, side) => side === 'canary' && session % 2 === 0)).state, 'rolled-back');
});
