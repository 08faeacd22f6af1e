import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import { logEdges } from '../../src/statistics/edges.ts';
import { histogramOf } from '../../src/statistics/fixed-histogram.ts';
import { newQuantileTest, type QuantileLook, stepQuantileTest } from '../../src/statistics/quantile-test.ts';
import { logRateEvidence, type RateDirection, rateTestP } from '../../src/statistics/rate-test.ts';
import { countRuns, normalDraw } from '../helpers/draws.ts';

const edges = logEdges(1, 10_000, 40);

/** Latencies about log-normal, with a median that moves over the looks for both versions alike. */
function look(random: Random, at: number, slower: number, calls: readonly [number, number]): QuantileLook {
  const median = 80 * (1 + 0.3 * Math.sin(at));
  const drawn = (n: number, factor: number) =>
    histogramOf(
      edges,
      Array.from({ length: n }, () => factor * median * Math.exp(0.5 * normalDraw(random))),
    ).counts;
  return { stratum: 'us-east-1', canary: drawn(calls[0], slower), stable: drawn(calls[1], 1) };
}

interface Trial {
  readonly quantile: number;
  readonly slower: number;
  readonly margin: number;
  readonly direction?: RateDirection;
  readonly looks: number;
  readonly calls: readonly [number, number];
}

function rejects(random: Random, { quantile, slower, margin, direction, looks, calls }: Trial): boolean {
  let state = newQuantileTest(edges, quantile, margin, direction);
  for (let at = 0; at < looks; at += 1) {
    state = stepQuantileTest(state, [look(random, at, slower, calls)]);
    if (rateTestP(state.rates) <= 0.05) return true;
  }
  return false;
}

test('a canary exactly as slow as the margin allows is not rejected more often than alpha', async t => {
  const random = seededRandom(3);
  for (const quantile of [0.5, 0.95]) {
    const trial = { quantile, margin: 0.2, slower: 1.2, looks: 12, calls: [20, 60] } as const;
    const above = countRuns(300, () => rejects(random, trial));
    t.ok(above / 300 <= 0.05 + 0.03, `${above} of 300 at quantile ${quantile}`);
    const below = countRuns(300, () => rejects(random, { ...trial, direction: 'below' }));
    t.ok(below / 300 <= 0.05 + 0.03, `${below} of 300 cleared at quantile ${quantile}`);
  }
});

test('it finds a slower canary, and clears an equal one', async t => {
  const random = seededRandom(4);
  const slow = { quantile: 0.5, slower: 1.5, margin: 0.1, looks: 15, calls: [40, 80] } as const;
  const found = countRuns(60, () => rejects(random, slow));
  t.ok(found >= 54, `${found} of 60 at the median`);
  const late = countRuns(60, () => rejects(random, { ...slow, quantile: 0.95, slower: 2 }));
  t.ok(late >= 54, `${late} of 60 at p95`);
  const equal = { quantile: 0.95, slower: 1, margin: 0.5, direction: 'below', looks: 30, calls: [60, 120] } as const;
  const cleared = countRuns(40, () => rejects(random, equal));
  t.ok(cleared >= 34, `${cleared} of 40 equals cleared at p95`);
});

const coarse = [100, 110, 121, 133.1, 150];

test('cuts come from earlier looks only: the first look and an empty stratum say nothing', async t => {
  const counts = { canary: [0, 0, 0, 0, 0, 90], stable: [90, 0, 0, 0, 0, 0] };
  const first = stepQuantileTest(newQuantileTest(coarse, 0.5, 0), [{ stratum: 'a', ...counts }]);
  t.equal(logRateEvidence(first.rates), 0);
  const elsewhere = stepQuantileTest(first, [{ stratum: 'b', ...counts }]);
  t.equal(logRateEvidence(elsewhere.rates), 0, 'each stratum has its own cut');
  const second = stepQuantileTest(elsewhere, [{ stratum: 'a', ...counts }]);
  t.ok(logRateEvidence(second.rates) > 10);
  t.same(second.seen, { a: [180, 0, 0, 0, 0, 0], b: [90, 0, 0, 0, 0, 0] });
  t.same(JSON.parse(JSON.stringify(second)), second);
});

test("the margin moves the canary's cut by whole edges, to the side that weakens the evidence", async t => {
  const seen = { stratum: 'a', canary: [], stable: [50, 50, 0, 0, 0, 0] };
  const evidence = (margin: number, canary: readonly number[], direction: RateDirection = 'above') => {
    const warm = stepQuantileTest(newQuantileTest(coarse, 0.5, margin, direction), [seen]);
    const stable = [50, 50, 0, 0, 0, 0];
    return logRateEvidence(stepQuantileTest(warm, [{ stratum: 'a', canary, stable }]).rates);
  };
  const upTo121 = [0, 0, 100, 0, 0, 0];
  t.ok(evidence(0, upTo121) > 5, 'past the cut at 100');
  t.ok(evidence(0.1, upTo121) > 5, 'the cut at 110 is exact');
  t.ok(evidence(0.15, upTo121) < 0, 'a margin of 15 % is rounded up to the edge at 121');
  t.ok(evidence(0.15, upTo121, 'below') < 0, 'and down to 110 when the canary is to be cleared');
  t.ok(evidence(0.21, upTo121, 'below') > 5);
  t.equal(evidence(0.6, upTo121), 0, 'a cut past the last edge says nothing');
});

test('a quantile or margin that is none is refused', async t => {
  for (const quantile of [0, 1, Number.NaN]) t.throws(() => newQuantileTest(coarse, quantile, 0), RangeError);
  for (const margin of [-0.1, Number.NaN]) t.throws(() => newQuantileTest(coarse, 0.5, margin), RangeError);
});
