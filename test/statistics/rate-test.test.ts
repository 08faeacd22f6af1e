import fc from 'fast-check';
import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import {
  logLikelihoodRatios,
  logRateEvidence,
  newRateTest,
  type RateDirection,
  type RateTable,
  rateTestP,
  stepRateTest,
} from '../../src/statistics/rate-test.ts';
import { agree } from '../helpers/agree.ts';
import { binomialDraw, countRuns } from '../helpers/draws.ts';

const table = (nc: number, ec: number, ns: number, es: number): RateTable => ({
  canary: { calls: nc, errors: ec },
  stable: { calls: ns, errors: es },
});
const ratio = (cells: RateTable, theta: number, margin = 1) =>
  logLikelihoodRatios(cells, [theta], margin)[0] ?? Number.NaN;

test("Fisher's likelihood ratios agree with 40-digit arithmetic, up to a hundred thousand errors", async t => {
  agree(t, [
    ['8/100 and 30/900, twice', ratio(table(100, 8, 900, 30), 2), 1.974967360037275],
    ['the same past a margin', ratio(table(100, 8, 900, 30), 2, 1.2), 1.266468630308176],
    ['0/50 and 10/50', ratio(table(50, 0, 50, 10), 5), -10.77618889085263],
    ['nearly all erred', ratio(table(10, 10, 10, 9), 1.5), 0.1823215567939546],
    ['1 200/100 000', ratio(table(100_000, 1200, 900_000, 9000), 1.25), 16.18574510749081],
    ['half of 200 000', ratio(table(100_000, 52_000, 100_000, 50_000), 1.1), 38.56279215657508],
    ['half the odds', ratio(table(200_000, 100_000, 300_000, 150_000), 0.5), -7166.706491515048],
  ]);
});

test('a table that could come out in one way only says nothing; an impossible one is refused', async t => {
  for (const cells of [
    table(0, 0, 50, 9),
    table(50, 0, 50, 0),
    table(7, 7, 9, 9),
    table(4, 2, 0, 0),
    table(0, 0, 0, 0),
  ])
    t.equal(ratio(cells, 3), 0);
  t.throws(() => ratio(table(3, 4, 10, 0), 2), RangeError);
  for (const margin of [0, -1, Infinity, Number.NaN]) t.throws(() => newRateTest('above', margin), RangeError);
});

const choose = (n: number, k: number) => {
  let ways = 1;
  for (let i = 1; i <= k; i += 1) ways = (ways * (n - k + i)) / i;
  return ways;
};

/** Mean e-value of θ against the margin over all outcomes with these margins, when the true odds ratio is `truth`. */
function expectation(nc: number, ns: number, errors: number, theta: number, margin: number, truth: number): number {
  let [sum, weight] = [0, 0];
  for (let x = Math.max(0, errors - ns); x <= Math.min(errors, nc); x += 1) {
    const chance = choose(nc, x) * choose(ns, errors - x) * truth ** x;
    sum += chance * Math.exp(ratio(table(nc, x, ns, errors - x), theta, margin));
    weight += chance;
  }
  return sum / weight;
}

test('its expectation is 1 on the border of the null hypothesis and at most 1 within it', async () => {
  const size = fc.integer({ min: 0, max: 25 });
  const factor = fc.double({ min: 1, max: 4, noNaN: true });
  fc.assert(
    fc.property(size, size, fc.nat(50), factor, factor, factor, (nc, ns, some, margin, more, less) => {
      const errors = Math.min(some, nc + ns);
      const border = expectation(nc, ns, errors, margin * more, margin, margin);
      const above = expectation(nc, ns, errors, margin * more, margin, margin / less);
      const below = expectation(nc, ns, errors, margin / more, margin, margin * less);
      return Math.abs(border - 1) < 1e-9 && above <= 1 + 1e-9 && below <= 1 + 1e-9;
    }),
  );
});

/** Whether any of so many looks at two regions, one of which has an outage in the middle, rejects at alpha. */
function rejects(
  random: Random,
  factor: number,
  looks: number,
  direction: RateDirection = 'above',
  margin = 1,
): boolean {
  let state = newRateTest(direction, margin);
  for (let look = 0; look < looks; look += 1) {
    const rates = [0.03, look >= 5 && look < 9 ? 0.5 : 0.02];
    const tables = rates.map((rate, region) => {
      const [nc, ns] = region === 0 ? [10, 90] : [15, 15];
      const odds = (factor * rate) / (1 - rate);
      return table(nc, binomialDraw(random, nc, odds / (1 + odds)), ns, binomialDraw(random, ns, rate));
    });
    state = stepRateTest(state, tables);
    if (rateTestP(state) <= 0.05) return true;
  }
  return false;
}

test('looked at twenty times, with an outage in one region, it errs no more often than alpha', async t => {
  const random = seededRandom(1);
  const wrong = countRuns(1500, () => rejects(random, 1, 20));
  t.ok(wrong / 1500 <= 0.05 + 0.015, `${wrong} of 1500 at equal odds`);
  const within = countRuns(500, () => rejects(random, 1.5, 20, 'above', 1.5));
  t.ok(within / 500 <= 0.05 + 0.025, `${within} of 500 at the margin`);
  const noWorse = countRuns(500, () => rejects(random, 1.5, 20, 'below', 1.5));
  t.ok(noWorse / 500 <= 0.05 + 0.025, `${noWorse} of 500 cleared at the margin`);
});

test('it finds a canary that fails more, and clears one that does not', async t => {
  const random = seededRandom(2);
  const found = countRuns(200, () => rejects(random, 4, 40));
  t.ok(found / 200 >= 0.9, `${found} of 200 with four times the odds found`);
  const cleared = countRuns(100, () => rejects(random, 1, 120, 'below', 2));
  t.ok(cleared / 100 >= 0.9, `${cleared} of 100 equals cleared of twice the odds`);
});

/** Median number of canary calls until p ≤ 0.01, looked at every 20, with a tenth of the calls; stable errs in 1 %. */
function medianCalls(random: Random, factor: number, direction: RateDirection, margin: number): number {
  const odds = (factor * 0.01) / 0.99;
  const calls = Array.from({ length: 61 }, () => {
    let state = newRateTest(direction, margin);
    for (let canary = 20; ; canary += 20) {
      const errors = binomialDraw(random, 20, odds / (1 + odds));
      state = stepRateTest(state, [table(20, errors, 180, binomialDraw(random, 180, 0.01))]);
      if (rateTestP(state) <= 0.01) return canary;
    }
  });
  return calls.sort((a, b) => a - b)[30] ?? Number.NaN;
}

test('how many calls a verdict takes: the table of docs/statistics.md', async t => {
  const random = seededRandom(12);
  const wanted: readonly [number, RateDirection, number, number][] = [
    [1.5, 'above', 1, 5300],
    [2, 'above', 1, 1500],
    [5, 'above', 1, 160],
    [20, 'above', 1, 40],
    [1, 'below', 2, 2500],
    [1, 'below', 3, 740],
  ];
  for (const [factor, direction, margin, calls] of wanted) {
    const median = medianCalls(random, factor, direction, margin);
    t.ok(median >= calls / 1.5 && median <= calls * 1.5, `${factor} times the odds, ${direction} ${margin}: ${median}`);
  }
});

test('evidence may fall, the p-value never rises, and the state survives JSON between looks', async t => {
  const good = table(100, 0, 100, 12);
  const bad = table(100, 30, 100, 10);
  const once = stepRateTest(newRateTest(), [bad]);
  const then = stepRateTest(JSON.parse(JSON.stringify(once)), [good]);
  t.ok(logRateEvidence(then) < logRateEvidence(once));
  t.equal(rateTestP(then), rateTestP(once));
  t.same(then, stepRateTest(once, [good]));
  t.equal(rateTestP(newRateTest()), 1);
});

test('strata are worth as much in one look as in several', async () => {
  const cells = fc
    .tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.nat(30))
    .map(([a, b, c, d]) => table(a + b, a, c + d, c));
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 5 }), tables => {
      const together = stepRateTest(newRateTest(), tables);
      const apart = tables.reduce((state, each) => stepRateTest(state, [each]), newRateTest());
      return JSON.stringify(together.logs) === JSON.stringify(apart.logs);
    }),
  );
});
