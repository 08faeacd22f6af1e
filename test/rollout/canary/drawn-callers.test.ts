import { test } from 'tap';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import { noEvidence } from '../../../src/rollout/canary/evidence.ts';
import { gatherDrawn } from '../../../src/rollout/canary/gather-drawn.ts';
import { readCounts } from '../../../src/rollout/canary/read-counts.ts';
import { countFinished, type FinishedCall, type Trial } from '../../../src/rollout/canary/trial.ts';

test('a caller is drawn once per step, one that nothing is known of each time', t => {
  const counted: string[] = [];
  const observer = {
    finished: (side: string, share: number, returning: boolean) => counted.push(`${side} ${share} ${returning}`),
  } as unknown as Trial['observer'];
  const trial = { observer, seen: new Set<string>(), seenShare: -1 } as unknown as Trial;
  const finish = (side: FinishedCall['side'], share: number, key: string | undefined) =>
    countFinished(trial, { side, share, key, returning: key !== undefined });
  for (let call = 0; call < 3; call += 1) finish('canary', 0.1, 'anna');
  finish('stable', 0.1, 'otto');
  for (let call = 0; call < 2; call += 1) finish('stable', 0.1, undefined);
  finish('canary', 0.5, 'anna');
  finish('stable', 0.1, 'vera'); // late, of the step before
  finish('canary', 0.5, 'anna');
  t.strictSame(counted, [
    ...['canary 0.1 true', 'stable 0.1 true', 'stable 0.1 false', 'stable 0.1 false'],
    'canary 0.5 true',
  ]);
  t.end();
});

/** One look at so many drawn, by these processes. */
function drawn(
  before: ReturnType<typeof gatherDrawn>,
  kind: 'd' | 'k',
  [canary, stable]: [number, number],
  by: string[],
) {
  const counts = readCounts(addCounts([{ [`${kind}/canary/0.2`]: canary, [`${kind}/stable/0.2`]: stable }]));
  return gatherDrawn(before, { counts, callersOf: kind === 'k' ? by : [] });
}

test('the same callers seen by every replica, and again after each restart, are one draw each', t => {
  let known: ReturnType<typeof gatherDrawn> = noEvidence();
  // Of 200 callers 55 are on the canary's side where 40 were to be expected: that may be, once.
  for (let start = 0; start < 20; start += 1) known = drawn(known, 'k', [55, 145], [`replica ${start % 3}, ${start}`]);
  t.ok(known.sampleRatio.mostLog < Math.log(20), `${Math.exp(known.sampleRatio.mostLog)}`);
  t.ok(Math.abs(known.sampleRatio.canary - 55) < 1e-9);
  t.end();
});

test('calls that no other can count weigh the same, however many replicas there are or were', t => {
  let known: ReturnType<typeof gatherDrawn> = noEvidence();
  for (let start = 0; start < 20; start += 1) known = drawn(known, 'k', [40, 160], [`replica ${start}`]);
  for (let look = 0; look < 20; look += 1) known = drawn(known, 'd', [35, 200], ['replica 1']);
  t.ok(known.sampleRatio.mostLog > Math.log(2_000), `${Math.exp(known.sampleRatio.mostLog)}`);
  t.end();
});

test('what comes late, of a smaller share, is left out', t => {
  const now = drawn(noEvidence(), 'd', [20, 80], []);
  const late = readCounts({ 'd/canary/0.05': 50, 'd/stable/0.05': 50 });
  t.same(gatherDrawn(now, { counts: late, callersOf: [] }), now);
  t.end();
});
