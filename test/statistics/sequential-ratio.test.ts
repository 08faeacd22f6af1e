import fc from 'fast-check';
import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import {
  alwaysValidP,
  logErrorRatio,
  logMixtureRatio,
  noRatioTest,
  ratioBounds,
  stepRatioTest,
} from '../../src/statistics/sequential-ratio.ts';
import { agree } from '../helpers/agree.ts';
import { countRuns, normalDraw } from '../helpers/draws.ts';

const options = { fine: 0.01, bad: 0.02, alpha: 0.05, beta: 0.1 };

test('ratios and bounds agree with the reference', async t => {
  const lambda = (calls: number, difference: number, variance: number, mixing: number) =>
    Math.exp(logMixtureRatio({ calls, difference, variance, mixing }));
  agree(t, [
    ['bad bound', ratioBounds(options).bad, 2.8903717579],
    ['fine bound', ratioBounds(options).fine, -2.25129179861],
    ['an error', logErrorRatio(1, 1, options), Math.LN2],
    ['no error', logErrorRatio(0, 1, options), -0.010152371464],
    ['9 of 300', logErrorRatio(9, 300, options), 3.28398452901],
    ['mSPRT 5000', lambda(5000, 0.02, 0.09, 0.0004), 46.9826463427],
    ['its p', alwaysValidP(1, Math.log(46.9826463427)), 0.0212844545347],
    ['mSPRT 1000', lambda(1000, 0.02, 0.09, 0.0004), 1.19871230154],
    ['mSPRT no difference', lambda(5000, 0, 0.09, 0.0004), 0.287347885566],
    ['mSPRT 500', lambda(500, 0.1, 1, 0.01), 1.30535581477],
  ]);
});

test('it decides at a bound, and then stays decided', async t => {
  const bad = stepRatioTest(noRatioTest, 9, 300, options);
  t.equal(bad.decision, 'bad');
  t.same(stepRatioTest(bad, 0, 100_000, options), bad);
  t.equal(stepRatioTest(noRatioTest, 0, 222, options).decision, 'fine');
  t.equal(stepRatioTest(noRatioTest, 0, 221, options).decision, 'undecided');
});

/** What the test says in the end of a stream with this error rate. */
function decisionOf(random: Random, rate: number): string {
  let state = noRatioTest;
  while (state.decision === 'undecided') state = stepRatioTest(state, random() < rate ? 1 : 0, 1, options);
  return state.decision;
}

test('its errors are about those asked for', async t => {
  const random = seededRandom(8);
  const blamed = countRuns(1000, () => decisionOf(random, 0.01) === 'bad');
  const missed = countRuns(1000, () => decisionOf(random, 0.02) === 'fine');
  t.ok(blamed / 1000 <= 0.05 + 0.02, `${blamed} of 1000`);
  t.ok(missed / 1000 <= 0.1 + 0.03, `${missed} of 1000`);
});

test('the mixture ratio, looked at after each pair, crosses 1/alpha in at most alpha of the runs', async t => {
  const random = seededRandom(9);
  const wrong = countRuns(500, () => {
    let [difference, p] = [0, 1];
    for (let calls = 1; calls <= 300; calls += 1) {
      difference += normalDraw(random) - normalDraw(random);
      p = alwaysValidP(p, logMixtureRatio({ calls, difference: difference / calls, variance: 1, mixing: 0.1 }));
    }
    return p <= 0.05;
  });
  t.ok(wrong / 500 <= 0.05 + 0.02, `${wrong} of 500`);
});

test('counting at once or one by one comes to the same', async () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(20), fc.nat(20), (a, b, c, d) => {
      const whole = logErrorRatio(a + c, a + b + c + d, options);
      return Math.abs(whole - logErrorRatio(a, a + b, options) - logErrorRatio(c, c + d, options)) < 1e-9;
    }),
  );
});
