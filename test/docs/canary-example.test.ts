import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { alphas, passAlpha } from '../../src/rollout/canary/alpha.ts';
import { runThatEnds } from '../../src/rollout/canary/guards/hard.ts';
import { addRates, noRateDifference, rateDifferenceBound } from '../../src/statistics/rate-difference.ts';
import { logRateEvidence, newRateTest, stepRateTest } from '../../src/statistics/rate-test.ts';
import { shareSequence } from '../../src/statistics/share-sequence.ts';

const docs = readFileSync(new URL('../../docs/canary.md', import.meta.url), 'utf8');

test('the worked verdict is what the tests give', async t => {
  const rows = [
    ...docs.matchAll(/^\| (\d) \| (\d) \| (\d) \| (\d+) of [\d,]+ \| (\d+) of [\d,]+ \| ([\d.]+) \| (\d+) \|$/gm),
  ];
  t.equal(rows.length, 6);
  let rates = newRateTest();
  let [canary, stable] = [0, 0];
  for (const row of rows) {
    const [, , errors = 0, stableErrors = 0, soFar, stableSoFar, evidence, at] = row.map(Number);
    rates = stepRateTest(rates, [{ canary: { calls: 100, errors }, stable: { calls: 400, errors: stableErrors } }]);
    canary += errors;
    stable += stableErrors;
    t.strictSame([soFar, stableSoFar], [canary, stable]);
    t.equal(Math.exp(logRateEvidence(rates)).toFixed(1), evidence?.toFixed(1));
    t.equal(at, Math.floor(1 / alphas.errors));
  }
});

test('so are the other numbers told', async t => {
  const bound = (times: number, errors: number) => {
    const look = { canary: { calls: 100, errors }, stable: { calls: 400, errors: 4 * errors } };
    const sum = Array.from({ length: times }, () => look).reduce(addRates, noRateDifference);
    return 100 * rateDifferenceBound(sum, { margin: 0.02, alpha: passAlpha, designEffect: 1 });
  };
  t.equal(bound(4, 0).toFixed(2), '1.95');
  t.ok(bound(6, 1) > 2 && bound(7, 1) <= 2, `${bound(6, 1)}, ${bound(7, 1)}`);
  const needed = (errorsIn2000: number, calls: number) =>
    runThatEnds(shareSequence({ calls: 2_000, errors: errorsIn2000 }, 0.01).high, calls, 5);
  t.strictSame([needed(2, 1_000), needed(20, 10_000), needed(200, 10_000)], [5, 7, 13]);
  const sum = Object.values(alphas).reduce((total, alpha) => total + alpha, 0);
  t.ok(sum < 0.01, `${sum}`);
});
