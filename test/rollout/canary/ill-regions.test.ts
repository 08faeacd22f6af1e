import { test } from 'tap';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import { totalsOf } from '../../../src/rollout/canary/evidence.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { calls, newCanary, show } from '../../helpers/canary-record.ts';
import { canaryReplicas } from '../../helpers/canary-replicas.ts';

const [east, west] = ['us-east-1', 'eu-west-1'] as const;
const both = (region: string, canary: number, stable: number) =>
  addCounts([calls('canary', region, 25, canary), calls('stable', region, 100, stable)]);

function known(): CanaryRecord {
  let record = newCanary({ minSample: 1_000_000 });
  for (let look = 1; look <= 10; look += 1)
    record = show(record, 5_000 * look, addCounts([both(east, 0, 1), both(west, 0, 0)])).record;
  return record;
}

test('a region that health has emptied freezes it, and its calls count for nothing', t => {
  const before = known();
  const out = show(before, 60_000, addCounts([both(east, 25, 0), both(west, 0, 0)]), {
    ill: new Map([[east, 'evacuated']]),
  });
  t.match(out.decision, { move: 'freeze', reason: /us-east-1/ });
  t.equal(totalsOf(out.record.evidence).canary.errors, 0);
  t.equal(
    totalsOf(out.record.evidence).canary.calls,
    totalsOf(before.evidence).canary.calls + 25,
    'the other region counts',
  );
  const frozen: CanaryRecord = { ...out.record, state: 'frozen' };
  t.match(show(frozen, 65_000, both(east, 0, 0)).decision, { move: 'thaw' }, 'it returns by itself');
  t.end();
});

test('a region in which stable fails far more than usual is not held against the canary', t => {
  const out = show(known(), 60_000, addCounts([both(east, 20, 70), both(west, 0, 0)]));
  t.match(out.decision, { move: 'freeze' });
  t.same(out.record.degraded, { [east]: 60_000 });
  t.equal(totalsOf(out.record.evidence).canary.errors, 0);
  const frozen: CanaryRecord = { ...out.record, state: 'frozen' };
  const silent = show(frozen, 65_000, both(west, 0, 0));
  t.equal(silent.decision, undefined, 'a region nobody calls is not well again at once');
  t.match(show(silent.record, 71_000, both(west, 0, 0)).decision, { move: 'thaw' });
  t.end();
});

test('costs, truths and predictions of an ill region are not held against it either', t => {
  const before = known();
  const seen = (side: 'canary' | 'stable', each: number) => ({
    [`$/${side}/n/${east}/0.05`]: 100,
    [`$/${side}/s/${east}/0.05`]: 100 * each,
    [`$/${side}/ss/${east}/0.05`]: 100 * each * each,
    [`q/${side}/n/${east}/0.05`]: 100,
    [`q/${side}/s/${east}/0.05`]: 100 * each,
    [`q/${side}/ss/${east}/0.05`]: 100 * each * each,
    [`p/${side}/+${each}`]: 100,
  });
  const counts = addCounts([both(east, 0, 0), seen('canary', 9), seen('stable', 1)]);
  const valued = (record: CanaryRecord) => {
    const { cost, loss, predictions } = record.evidence;
    return { cost: cost.values, loss: loss.values, predictions };
  };
  const out = show(before, 60_000, counts, { ill: new Map([[east, 'evacuated']]) });
  t.same(valued(out.record), valued(before));
  const frozen: CanaryRecord = { ...out.record, state: 'frozen' };
  t.same(valued(show(frozen, 65_000, counts).record), valued(before), 'nor those of the look in which it returned');
  const well = valued(show({ ...frozen, degraded: {} }, 70_000, counts).record);
  t.match(well, { cost: { canary: 100, stable: 100 }, loss: { canary: 100, stable: 100 } });
  t.notSame(well.predictions, valued(before).predictions);
  t.end();
});

test('a run of failures in an ill region is not held against it', t => {
  const runs = [{ region: east, length: 40, stableOk: 20, stableBad: 0 }];
  const out = show(known(), 60_000, both(west, 0, 0), { runs, ill: new Map([[east, 'evacuated']]) });
  t.equal(out.decision?.move, 'freeze');
  t.end();
});

test('at 100 %, failures in one of two regions are the region’s, in both the canary’s', t => {
  const all: CanaryRecord = { ...known(), plan: newCanary({ steps: [100] }).plan };
  const alone = (eastErrors: number, westErrors: number) =>
    show(all, 60_000, addCounts([calls('canary', east, 40, eastErrors), calls('canary', west, 40, westErrors)]), {
      runs: [
        { region: east, length: eastErrors, stableOk: 0, stableBad: 0 },
        { region: west, length: westErrors, stableOk: 0, stableBad: 0 },
      ],
    });
  t.match(alone(40, 0).decision, { move: 'freeze' });
  t.match(alone(40, 40).decision, { move: 'condemn' });
  t.equal(alone(0, 0).decision, undefined);
  t.end();
});

test('what happens where the canary is not in this wave neither counts nor freezes it', t => {
  const record = newCanary({ waves: [[west], 'rest'], minSample: 1_000_000 });
  const out = show(record, 5_000, addCounts([both(west, 0, 0), calls('stable', east, 100, 90)]));
  t.equal(out.decision, undefined);
  t.same(totalsOf(out.record.evidence).stable, { calls: 100, errors: 0, callerFaults: 0, misconfigured: 0 });
  t.end();
});

test('a region is ill where the targets of all versions with calls are ejected, whatever the idle ones say', async t => {
  const replicas = canaryReplicas({ lookEveryMs: 250 });
  const canaries = replicas.add();
  t.teardown(canaries.stop);
  await canaries.start('rain', 'v2', 'alice');
  replicas.ejected.add('v1@us-east-1');
  await replicas.pass(500);
  t.match(canaries.record('rain'), { state: 'frozen', reason: /us-east-1: ill/ });
});
