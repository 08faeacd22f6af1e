import { test } from 'tap';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import type { GuardReport } from '../../../src/rollout/canary/guards/report.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { calls, canaryRegions, newCanary, show } from '../../helpers/canary-record.ts';

const [east] = canaryRegions;
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

test('at 100 % no stable calls are left: the step passes on the steps before, and a break still ends it', t => {
  const compared = after(60, newCanary(plan), [50, 0], [200, 0]);
  const last = raised(compared, 2);
  const well = show(last, 900_000, calls('canary', east, 100, 3));
  t.match(errors(well.record), { verdict: 'fine', detail: /no stable calls are left/ });
  t.match(well.decision, { move: 'promote' });
  const broken = show(last, 900_000, calls('canary', east, 50, 30));
  t.match(broken.decision, { move: 'condemn', reason: /^errorRatio/ });
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
  t.ok((hard?.threshold ?? 99) <= 6, `${hard?.threshold} in a row`);
  const broken = show(late, 905_000, calls('canary', east, 40, 20)).decision;
  t.match(broken, { move: 'condemn', reason: /^errorRatio/ });
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
