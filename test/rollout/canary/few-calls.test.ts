import { test } from 'tap';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { calls, canaryRegions, newCanary, show } from '../../helpers/canary-record.ts';

const [east, west] = canaryRegions;

/** One call per look, the canary's every fifth; one in three of the canary's fails, and none of stable's. */
function lookByLook(looks: number, everyMs: number, record: CanaryRecord): { record: CanaryRecord; looks: number } {
  let known = record;
  for (let look = 1; look <= looks; look += 1) {
    const side = look % 5 === 0 ? 'canary' : 'stable';
    const shown = show(known, look * everyMs, calls(side, east, 1, side === 'canary' && look % 15 === 0 ? 1 : 0));
    known = shown.record;
    if (shown.decision?.move === 'condemn') return { record: known, looks: look };
  }
  return { record: known, looks };
}

const statistic = (record: CanaryRecord, guard: string) =>
  reportsOf(record).find(report => report.guard === guard)?.statistic ?? 0;

test('looks that see one call each are as good as rare ones', t => {
  const { record, looks } = lookByLook(600, 250, newCanary({ steps: [20, 100], minSample: 10_000 }));
  t.ok(looks < 600, `condemned after ${looks} calls`);
  t.ok(statistic(record, 'errors') > 10, `${statistic(record, 'errors')}: the rate test has seen them`);
  t.end();
});

test('calls wait for others a minute, and no longer', t => {
  const all = (atMs: number, record: CanaryRecord) =>
    show(record, atMs, addCounts([calls('canary', east, 2, 2), calls('stable', east, 8)])).record;
  const first = all(5_000, newCanary({ minSample: 10_000 }));
  t.equal(statistic(first, 'errors'), 1);
  t.same(Object.keys(first.evidence.open ?? {}), [east]);
  const later = show(first, 65_000, calls('stable', west, 1)).record;
  t.ok(statistic(later, 'errors') > 1, 'compared, though they are few');
  t.same(Object.keys(later.evidence.open ?? {}), [west]);
  const full = all(10_000, first);
  t.ok(statistic(full, 'errors') > statistic(later, 'errors'));
  t.same(full.evidence.open, {});
  t.same([full.stepCalls.calls, full.stepCalls.errors], [4, 4], 'each is counted once, when it is seen');
  t.end();
});
