import { test } from 'tap';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import type { GuardReport } from '../../../src/rollout/canary/guards/report.ts';
import { moved } from '../../../src/rollout/canary/move.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { shareOf } from '../../../src/rollout/canary/record.ts';
import { statusOf } from '../../../src/rollout/canary/status.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { calls, canaryRegions, newCanary, show } from '../../helpers/canary-record.ts';

const [east, west] = canaryRegions;
const plan = { steps: [1, 50, 100], minSample: 100, bakeMs: 0 };
const errors = (record: CanaryRecord) => reportsOf(record).find(({ guard }) => guard === 'errors') as GuardReport;
const none = { calls: 0, errors: 0, callerFaults: 0, misconfigured: 0 };
const raised = (record: CanaryRecord, step: number): CanaryRecord => ({
  ...record,
  ...{ step, stepCalls: none, stepStable: none },
});

function after(looks: number, record: CanaryRecord, canary: [number, number], stable: [number, number]): CanaryRecord {
  let known = record;
  for (let look = 1; look <= looks; look += 1)
    known = show(
      known,
      look * 5_000,
      addCounts([calls('canary', east, ...canary), calls('stable', east, ...stable)]),
    ).record;
  return known;
}

test('errors of both sides that were many at a small share do not hide that the canary has more at a greater one', t => {
  const night = after(40, newCanary(plan), [10, 1], [990, 99]);
  const day = after(3, raised(night, 1), [100, 5], [100, 1]);
  t.equal(errors(day).verdict, 'unclear', errors(day).detail);
  t.end();
});

test('errors that became more on both sides do not hold one that is as good', t => {
  const day = after(20, newCanary(plan), [100, 0], [400, 0]);
  t.equal(errors(day).verdict, 'fine');
  const night = after(60, raised(day, 1), [200, 6], [200, 6]);
  t.equal(errors(night).verdict, 'fine', errors(night).detail);
  t.end();
});

test('where each side keeps to a region of its own a step is passed by the calls of the same minutes, and nothing condemned', t => {
  const apart = (failed: number) => {
    let known = newCanary(plan);
    for (let look = 1; look <= 60; look += 1) {
      const both = addCounts([calls('canary', east, 20, failed), calls('stable', west, 80)]);
      known = show(known, look * 5_000, both).record;
    }
    return errors(known);
  };
  t.match(apart(0), { verdict: 'fine' });
  t.match(apart(1), { verdict: 'unclear', statistic: 1 });
  t.end();
});

test('at 100 % no stable calls are left: the step passes on the steps before', t => {
  const compared = after(60, newCanary(plan), [50, 0], [200, 0]);
  const last = raised(compared, 2);
  const well = show(last, 900_000, calls('canary', east, 100, 3));
  t.match(errors(well.record), { verdict: 'fine', detail: /no stable calls are left/ });
  t.match(well.decision, { move: 'promote' });
  const never = newCanary({ steps: [100], minSample: 100, bakeMs: 0, holdAfterMs: 60_000 });
  t.match(
    show(never, 900_000, calls('canary', east, 500)).decision,
    { move: 'hold', reason: /errors: nothing to compare/ },
    'where nothing was ever compared a person decides',
  );
  t.end();
});

test('calls of stable’s that come late do not take the edge off the hard guards', t => {
  const last = raised(after(60, newCanary(plan), [50, 0], [200, 0]), 2);
  const late = show(last, 900_000, addCounts([calls('canary', east, 10), calls('stable', east, 2)])).record;
  const hard = reportsOf(late).find(({ guard }) => guard === 'failuresInARow');
  t.ok((hard?.threshold ?? 99) <= 40, `${hard?.threshold} in a row`);
  const broken = show(late, 905_000, calls('canary', east, 40, 20)).decision;
  t.match(broken, { move: 'verify', reason: /errorRatio/ });
  const earlier = raised(last, 1);
  const few = show(earlier, 900_000, addCounts([calls('canary', east, 3), calls('stable', east, 3)])).record;
  const atOnce = reportsOf(few).find(({ guard }) => guard === 'failuresInARow');
  t.ok((atOnce?.threshold ?? 99) <= 6, `${atOnce?.threshold} in a row at the beginning of a step`);
  t.end();
});

test('a version that gets all calls at once is still ended where it does nothing but fail', t => {
  const all = newCanary({ steps: [100], minSample: 100, bakeMs: 0 });
  t.match(show(all, 5_000, calls('canary', east, 40, 40)).decision, { move: 'condemn' });
  t.equal(show(all, 5_000, calls('canary', east, 40, 4)).decision, undefined);
  t.end();
});

test('at 100 % a rise that both versions would have had is no break, as far as can be told', t => {
  const compared = after(60, newCanary(plan), [50, 2], [200, 8]);
  const worse = (errors: number) => after(40, raised(compared, 2), [100, errors], [0, 0]);
  const ratio = (record: CanaryRecord) => reportsOf(record).find(({ guard }) => guard === 'errorRatio')?.verdict;
  t.equal(ratio(worse(10)), 'fine');
  t.equal(ratio(worse(20)), 'condemns');
  t.end();
});

const compared = after(60, newCanary(plan), [50, 0], [200, 0]);
/** At 100 %, after the step at 50 %; a third of its calls fail. */
const doubtful = show(
  { ...raised(compared, 2), control: { ...none, calls: 3_000 } },
  900_000,
  calls('canary', east, 60, 20),
);
const back = moved(doubtful.record, doubtful.decision?.move ?? 'hold', {
  ...{ by: 'gateway', reason: doubtful.decision?.reason ?? '', atMs: 900_000 },
}) as CanaryRecord;

test('what looks broken at 100 % goes back to the last step that has stable calls, and says so', t => {
  t.match(doubtful.decision, { move: 'verify', reason: /no stable call is beside it.*errorRatio/ });
  t.match(back, { state: 'stepping', step: 1, verified: 1, stepCalls: { calls: 0 } });
  t.equal(shareOf(back), 0.5);
  t.match(back.audit.at(-1), { act: 'verify', share: 0.5, by: 'gateway' });
  t.match(statusOf(back, 905_000).waitsFor[0], /100 % it looked broken/);
  t.end();
});

test('there it is condemned where stable does better, and goes on where it does not', t => {
  const worse = show(back, 905_000, addCounts([calls('canary', east, 60, 20), calls('stable', east, 60)]));
  t.match(worse.decision, { move: 'condemn', reason: /^error/ });
  const both = after(40, back, [400, 32], [400, 32]);
  const { decision } = show(both, 1_900_000, {});
  t.match(decision, { move: 'step' }, 'a rise that both would have had is no break');
  t.end();
});

test('who asks for a promotion although it looks broken at 100 % is not sent back', t => {
  const asked = moved(doubtful.record, 'ask', { by: 'alice', reason: '', atMs: 900_000 });
  t.equal(asked && show(asked, 905_000, {}).decision, undefined);
  t.end();
});

test('what looks broken at 100 % once more waits for a person, who may let it pass', t => {
  const again: CanaryRecord = { ...doubtful.record, verified: 1 };
  t.match(show(again, 905_000, {}).decision, { move: 'hold', reason: /^errorRatio/ });
  const held: CanaryRecord = { ...again, state: 'held' };
  t.match(show(held, 910_000, {}).decision, { move: 'verify' }, 'it does not keep all calls meanwhile');
  const waived = moved(held, 'resume', { by: 'bob', reason: '', atMs: 905_000 });
  t.same(waived?.waived, ['errorRatio']);
  t.match(waived && show(waived, 910_000, calls('canary', east, 100, 33)).decision, { move: 'promote' });
  t.end();
});

test('one that is paused or held at 100 % gives back calls that look broken, and stays so', t => {
  for (const state of ['paused', 'held'] as const) {
    const { decision } = show({ ...doubtful.record, state }, 905_000, {});
    t.equal(decision?.move, 'verify');
    const next = moved({ ...doubtful.record, state }, 'verify', { by: 'gateway', reason: '', atMs: 905_000 });
    t.match(next, { state, step: 1 });
  }
  t.end();
});

test('a rise seen beside stable just before 100 % is not held against it there', t => {
  const risen = { ...raised(compared, 2), control: { ...none, calls: 3_000, errors: 600 } };
  t.equal(show(risen, 900_000, calls('canary', east, 200, 66)).decision?.move, 'promote');
  t.end();
});
