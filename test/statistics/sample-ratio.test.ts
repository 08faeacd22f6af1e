import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import {
  logSampleRatioEvidence,
  noSampleRatio,
  sampleRatioP,
  stepSampleRatio,
} from '../../src/statistics/sample-ratio.ts';
import { logShareEvidence } from '../../src/statistics/share-evidence.ts';
import { agree, close } from '../helpers/agree.ts';
import { binomialDraw, countRuns } from '../helpers/draws.ts';

test('the evidence agrees with the reference', async t => {
  agree(t, [
    ['12 and 30 at 10 %', Math.exp(logShareEvidence(12, 30, 0.1)), 5.51441528808],
    ['40 and 360 at 10 %', Math.exp(logShareEvidence(40, 360, 0.1)), 0.444210402961],
    ['25 and 60 at 20 %', Math.exp(logShareEvidence(25, 60, 0.2)), 1.91299214539],
  ]);
});

test('the expectation of the evidence is 1 under the share', async t => {
  let [sum, chance] = [0, 0.9 ** 40];
  for (let canary = 0; canary <= 40; canary += 1) {
    sum += chance * Math.exp(logShareEvidence(canary, 40 - canary, 0.1));
    chance *= ((40 - canary) / (canary + 1)) * (0.1 / 0.9);
  }
  t.ok(close(sum, 1), `${sum}`);
});

/** Whether any of forty looks while the share climbs from 1 % to 50 % rejects, when `lost` of the canary's calls are lost. */
function alarms(random: Random, lost: number, level: number): boolean {
  let state = noSampleRatio;
  for (let look = 0; look < 40; look += 1) {
    const share = [0.01, 0.05, 0.25, 0.5][Math.floor(look / 10)] ?? 0.5;
    const assigned = binomialDraw(random, 100, share);
    const canary = binomialDraw(random, assigned, 1 - lost);
    state = stepSampleRatio(state, { share, canary, stable: 100 - assigned });
    if (sampleRatioP(state) <= level) return true;
  }
  return false;
}

test('watched over a whole ramp it errs no more often than its level, and finds lost calls', async t => {
  const random = seededRandom(5);
  const wrong = countRuns(1000, () => alarms(random, 0, 0.05));
  t.ok(wrong / 1000 <= 0.05 + 0.02, `${wrong} of 1000`);
  const found = countRuns(100, () => alarms(random, 0.3, 0.001));
  t.ok(found >= 90, `${found} of 100`);
});

test('one share adds up, a new share begins anew and keeps what was reached', async t => {
  const one = stepSampleRatio(noSampleRatio, { share: 0.1, canary: 10, stable: 20 });
  const two = stepSampleRatio(one, { share: 0.1, canary: 2, stable: 10 });
  t.ok(close(logSampleRatioEvidence(two), Math.log(5.51441528808)));
  const three = stepSampleRatio(JSON.parse(JSON.stringify(two)), { share: 0.2, canary: 25, stable: 60 });
  t.ok(close(logSampleRatioEvidence(three), Math.log(5.51441528808 * 1.91299214539)));
  const four = stepSampleRatio(three, { share: 0.2, canary: 0, stable: 15 });
  t.ok(logSampleRatioEvidence(four) < logSampleRatioEvidence(three));
  t.equal(sampleRatioP(four), sampleRatioP(three), 'the p-value never rises');
  t.equal(sampleRatioP(noSampleRatio), 1);
  for (const share of [0, 1]) t.throws(() => stepSampleRatio(one, { share, canary: 1, stable: 1 }), RangeError);
});
