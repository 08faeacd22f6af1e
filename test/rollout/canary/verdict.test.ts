import { test } from 'tap';
import { addCounts, type Counts } from '../../../src/rollout/canary/counts.ts';
import { noTotals } from '../../../src/rollout/canary/evidence.ts';
import { moved } from '../../../src/rollout/canary/move.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { statusOf } from '../../../src/rollout/canary/status.ts';
import { reportsOf } from '../../../src/rollout/canary/verdict.ts';
import { calls, newCanary, type Shown, show } from '../../helpers/canary-record.ts';

const [east, west] = ['us-east-1', 'eu-west-1'] as const;
const lookMs = 5_000;

/** Shows the same counts look after look, until something is decided. */
function repeat(
  record: CanaryRecord,
  looks: number,
  counts: (look: number) => Counts,
  more = {},
): Shown & { looks: number } {
  let shown: Shown = { record, decision: undefined };
  for (let look = 1; look <= looks; look += 1) {
    shown = show(shown.record, look * lookMs, counts(look), more);
    if (shown.decision !== undefined) return { ...shown, looks: look };
  }
  return { ...shown, looks };
}

const well = addCounts([
  calls('canary', east, 25),
  calls('stable', east, 100),
  calls('canary', west, 25),
  calls('stable', west, 100),
]);

test('a step is passed when sample, baking and every guard say so', t => {
  const record = newCanary({ minSample: 300, bakeMs: 60_000 });
  const { decision, looks } = repeat(record, 100, () => well);
  t.match(decision, { move: 'step' });
  t.equal(looks, 12, 'not before it has baked');
  const slow = repeat(newCanary({ minSample: 900, bakeMs: 0 }), 100, () => well);
  t.same([slow.decision?.move, slow.looks], ['step', 18], 'not before its sample is there');
  t.end();
});

test('the last step ends in promotion, or in a second person’s hands', t => {
  const last = (approval: 'none' | 'second-person') => newCanary({ steps: [20], minSample: 50, bakeMs: 0, approval });
  t.match(repeat(last('none'), 20, () => well).decision, { move: 'promote' });
  t.match(repeat(last('second-person'), 20, () => well).decision, { move: 'ask' });
  t.end();
});

test('missing data holds, and never passes', t => {
  const quiet = repeat(newCanary({ minSample: 1, bakeMs: 0, holdAfterMs: 60_000 }), 100, () => ({}));
  t.match(quiet.decision, { move: 'hold', reason: /inconclusive for too long: 0 of 1 calls/ });
  const onlyStable = repeat(newCanary({ minSample: 1, bakeMs: 0, holdAfterMs: 60_000 }), 100, () =>
    calls('stable', east, 100),
  );
  t.equal(onlyStable.decision?.move, 'hold');
  const onlyRefusals = repeat(newCanary({ minSample: 1, bakeMs: 0, holdAfterMs: 60_000 }), 100, () =>
    addCounts([calls('canary', east, 25, 0, { refused: 25 }), calls('stable', east, 100, 0, { refused: 100 })]),
  );
  t.match(onlyRefusals.decision, { move: 'hold', reason: /latencyP50/ });
  t.end();
});

test('a wave whose regions had no calls is not passed on those of the wave before', t => {
  const record = newCanary({ waves: [[west], 'rest'], minSample: 100, bakeMs: 0, holdAfterMs: 3_600_000 });
  const eastIsQuiet = addCounts([calls('canary', west, 50), calls('stable', west, 200)]);
  const second: CanaryRecord = { ...repeat(record, 40, () => eastIsQuiet).record, wave: 1 };
  const still = show(second, 900_000, eastIsQuiet);
  t.equal(still.decision, undefined);
  t.match(statusOf(still.record, 900_000).waitsFor, ['0 of 20 calls in us-east-1']);
  const seen = show(second, 900_000, addCounts([eastIsQuiet, calls('canary', east, 20), calls('stable', east, 80)]));
  t.match(seen.decision, { move: 'step' });
  t.match(show(second, 9_000_000, {}).decision, { move: 'hold', reason: /calls in us-east-1/ });
  t.end();
});

test('more errors than stable has condemn it, and the statistic is told', t => {
  const { decision, record } = repeat(newCanary(), 40, () =>
    addCounts([calls('canary', east, 50, 2), calls('stable', east, 200, 1)]),
  );
  t.match(decision, {
    move: 'condemn',
    reason: /^errors: canary 0\.04, stable 0\.005 \(share\); statistic \d+ reached 222/,
  });
  t.ok(record.stepCalls.calls < 1_000, `${record.stepCalls.calls} requests`);
  t.end();
});

test('the same errors on both sides condemn nobody, however many they are', t => {
  const bad = (look: number) => (look % 3 === 0 ? 0.1 : 0.02);
  const { decision } = repeat(newCanary({ minSample: 1_000_000 }), 200, look =>
    addCounts([calls('canary', east, 50, 50 * bad(look)), calls('stable', east, 200, 200 * bad(look))]),
  );
  t.equal(decision?.move, undefined);
  t.end();
});

test('after few calls the errors may be anything up to all of them, and no more is told', t => {
  const few = addCounts([calls('canary', east, 10, 10), calls('stable', east, 40)]);
  const { record } = repeat(newCanary(), 1, () => few);
  const { detail } = reportsOf(record).find(({ guard }) => guard === 'errors') ?? {};
  t.equal(detail, 'at most 100 points above stable, to pass 2');
  t.end();
});

test('a version that refuses good input is condemned though nothing is called an error', t => {
  const { decision } = repeat(newCanary(), 40, () =>
    addCounts([calls('canary', east, 50, 0, { refused: 5 }), calls('stable', east, 200, 0, { refused: 1 })]),
  );
  t.match(decision, { move: 'condemn', reason: /^callerFaults/ });
  t.end();
});

test('a slower version is condemned beyond the margin, and not within it', t => {
  const answers = (side: 'canary' | 'stable', n: number, slower: number) =>
    addCounts([
      calls(side, east, n * 0.8, 0, { latencyBin: 30 + slower }),
      calls(side, east, n * 0.2, 0, { latencyBin: 40 + slower }),
    ]);
  const pace = (slower: number) =>
    repeat(newCanary({ minSample: 1_000_000 }), 60, () =>
      addCounts([answers('canary', 50, slower), answers('stable', 200, 0)]),
    );
  t.match(pace(6).decision, { move: 'condemn', reason: /^latencyP50: canary .* \(ms\)/ });
  t.equal(pace(1).decision, undefined, 'twelve percent of twenty-five');
  t.end();
});

test('predictions far from stable’s hold it, or roll it back where the plan says so', t => {
  const predictions = (side: string, keys: readonly string[], n: number) =>
    Object.fromEntries(keys.map(key => [`p/${side}/${key}`, n / keys.length]));
  const counts = addCounts([
    well,
    predictions('stable', ['-8', '-4', '0', '+4'], 200),
    predictions('canary', ['-20', '-12', '-8', '-4'], 50),
  ]);
  t.match(repeat(newCanary(), 20, () => counts).decision, { move: 'hold', reason: /^predictions/ });
  const guards = { predictions: { action: 'rollback', distance: 0.2 } } as never;
  t.match(repeat(newCanary({}, { guards }), 20, () => counts).decision, { move: 'condemn', reason: /^predictions/ });
  const alike = addCounts([
    well,
    predictions('stable', ['-8', '0', '+4'], 180),
    predictions('canary', ['-8', '0', '+4'], 45),
  ]);
  t.match(repeat(newCanary({ bakeMs: 0 }), 60, () => alike).decision, { move: 'step' });
  t.end();
});

test('worse answers against ground truth condemn it, dearer calls hold it', t => {
  const means = (kind: string, canary: number, stable: number) => {
    const of = (side: string, n: number, mean: number) => ({
      [`${kind}/${side}/n/${east}/0.2`]: n,
      [`${kind}/${side}/s/${east}/0.2`]: n * mean,
      [`${kind}/${side}/ss/${east}/0.2`]: n * mean * mean * 1.1,
    });
    return addCounts([well, of('canary', 50, canary), of('stable', 200, stable)]);
  };
  const long = { minSample: 1_000_000 };
  t.match(repeat(newCanary(long), 60, () => means('q', 0.4, 0.2)).decision, { move: 'condemn', reason: /^quality/ });
  t.equal(repeat(newCanary(long), 60, () => means('q', 0.2, 0.2)).decision, undefined);
  t.match(repeat(newCanary(long), 60, () => means('$', 0.004, 0.002)).decision, { move: 'hold', reason: /^cost/ });
  t.equal(repeat(newCanary(long), 60, () => means('$', 0.002, 0.002)).decision, undefined);
  t.end();
});

test('callers who do not come back as often as they were drawn hold it', t => {
  const drawn = (canary: number) => addCounts([well, { 'd/canary/0.2': canary, 'd/stable/0.2': 200 }]);
  const long = { minSample: 1_000_000 };
  t.match(repeat(newCanary(long), 60, () => drawn(35)).decision, {
    move: 'hold',
    reason: /^sampleRatio: canary 0\.149/,
  });
  t.equal(repeat(newCanary(long), 60, () => drawn(50)).decision, undefined);
  t.end();
});

test('a person may let a guard that holds it pass; it does not hold it twice', t => {
  const drawn = addCounts([well, { 'd/canary/0.2': 35, 'd/stable/0.2': 200 }]);
  const held = repeat(newCanary({ minSample: 1_000_000 }), 60, () => drawn);
  const waived: CanaryRecord = { ...held.record, waived: ['sampleRatio'] };
  t.equal(show(waived, 900_000, drawn).decision, undefined);
  t.end();
});

test('a promotion that a person asked for in spite of a guard waits for the second person, and is not held again', t => {
  const drawn = addCounts([well, { 'd/canary/0.2': 35, 'd/stable/0.2': 200 }]);
  const plan = { minSample: 1_000_000, approval: 'second-person' } as const;
  const { record, decision } = repeat(newCanary(plan), 60, () => drawn);
  const at = { by: 'anna', reason: '', atMs: 900_000 };
  const held = moved(record, decision?.move ?? 'resume', at);
  t.equal(held?.state, 'held');
  const asked = held && moved(held, 'ask', at);
  t.equal(asked?.state, 'awaiting-approval');
  t.equal(asked && show(asked, 901_000, drawn).decision, undefined);
  t.end();
});

test('failures in a row end it at once while stable answers there', t => {
  const known = repeat(newCanary({ minSample: 1_000_000 }), 10, () => well).record;
  const run = (length: number, stableOk: number, stableBad: number) =>
    show(known, 60_000, calls('stable', east, 8), { runs: [{ region: east, length, stableOk, stableBad }] }).decision;
  const report = reportsOf(known).find(({ guard }) => guard === 'failuresInARow');
  const k = report?.threshold ?? 0;
  t.ok(k >= 5 && k < 10, `${k} in a row, from stable’s rate`);
  t.match(run(k, 8, 0), { move: 'condemn', reason: /^failuresInARow/ });
  t.equal(run(k - 1, 8, 0), undefined);
  t.equal(run(k, 0, 0), undefined, 'nobody else answered there either');
  t.equal(run(k, 4, 4), undefined, 'stable fails there too');
  t.end();
});

test('more failures in a row are allowed where stable itself fails at times', t => {
  const after = (errors: number) => {
    const { record } = repeat(newCanary({ minSample: 1_000_000 }), 20, () =>
      addCounts([calls('canary', east, 50, errors / 4), calls('stable', east, 200, errors)]),
    );
    return reportsOf(record).find(({ guard }) => guard === 'failuresInARow')?.threshold ?? 0;
  };
  t.ok(after(20) > after(0) + 3, `${after(20)} and ${after(0)}`);
  t.end();
});

test('a break is seen by the error ratio although stable’s rate is all that is known', t => {
  const known = repeat(newCanary({ steps: [50, 100] }), 10, () => well).record;
  const counts = addCounts([calls('canary', east, 20, 8), calls('stable', east, 0)]);
  const reports = reportsOf(
    show({ ...known, step: 1, stepCalls: { calls: 0, errors: 0, callerFaults: 0, misconfigured: 0 } }, 70_000, counts)
      .record,
  );
  t.match(
    reports.find(({ guard }) => guard === 'errorRatio'),
    { verdict: 'condemns', action: 'verify' },
  );
  t.end();
});

test('a trouble that both sides share from the beginning of a step on is not the canary’s', t => {
  const known = repeat(newCanary({ steps: [20, 50], minSample: 10_000 }), 60, () => addCounts([well, well])).record;
  const raised: CanaryRecord = { ...known, step: 1, stepCalls: noTotals, stepStable: noTotals };
  const worse = (canary: number, stable: number) =>
    repeat(raised, 40, () => addCounts([calls('canary', east, 100, canary), calls('stable', east, 100, stable)]));
  t.equal(worse(9, 9).decision, undefined, 'nine percent on both sides, where there were none');
  const bad = worse(30, 9);
  t.match(bad.decision, { move: 'condemn', reason: /^error/ });
  t.ok(bad.looks <= 3, `${bad.looks} looks`);
  t.end();
});

test('as long as no call counts, the status says which ones do not', t => {
  const { plan, ...rest } = newCanary();
  const record: CanaryRecord = { ...rest, plan: { ...plan, warmUpCalls: 10, warmUpMs: 10_000 } };
  const warming = show(record, lookMs, calls('stable', east, 100)).record;
  const words = / \(each target’s first 10 and first 10 s warm it up\)$/;
  t.match(statusOf(warming, lookMs).waitsFor[0], words);
  const off: CanaryRecord = { ...warming, plan: { ...plan, warmUpCalls: 0 } };
  t.match(statusOf(off, lookMs).waitsFor[0], /calls of the canary$/);
  const warm = show(warming, 2 * lookMs, calls('canary', east, 1)).record;
  t.match(statusOf(warm, 2 * lookMs).waitsFor[0], /^1 of \d+ calls of the canary$/);
  t.end();
});
