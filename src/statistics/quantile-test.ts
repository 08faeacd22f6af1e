import { newRateTest, type RateDirection, type RateTable, type RateTest, stepRateTest } from './rate-test.ts';

/**
 * Anytime-valid comparison of a quantile of latency between canary and concurrent stable calls, from histograms with
 * common edges, with a margin of non-inferiority.
 *
 * Before each look a cut is fixed for each version from what stable showed in earlier looks: the edge at stable's
 * quantile for stable's calls, and that edge × (1 + margin), taken to an edge, for the canary's. Calls at or past
 * their cut are counted as the errors of a rate test. As the cuts do not depend on the calls they judge, the test is
 * as exact as that one.
 *
 * Null hypothesis of `above`: in every stratum the canary's latency is stochastically at most (1 + margin) × stable's.
 * Rejecting it shows the canary slower than the margin allows. Null hypothesis of `below`: the canary reaches its cut
 * at least as often as stable its own. Rejecting it shows the canary's quantile within the margin. The canary's cut
 * is rounded to the edge that can only weaken the evidence: up for `above`, down for `below`.
 */
export interface QuantileTest {
  /** The quantile compared, as 0.95. */
  readonly quantile: number;
  /** How much slower the canary may be, as a share: 0.1 is ten percent. */
  readonly margin: number;
  /** Common edges of all histograms, ascending, in the unit of the latencies. */
  readonly edges: readonly number[];
  /** Stable's counts so far, by stratum. */
  readonly seen: Readonly<Record<string, readonly number[]>>;
  readonly rates: RateTest;
}

/** New counts of one stratum since the last look, `edges.length + 1` each, as in `FixedHistogram`. */
export interface QuantileLook {
  readonly stratum: string;
  readonly canary: readonly number[];
  readonly stable: readonly number[];
}

/** So many calls beyond the quantile must be known before a cut is set; fewer would set it anywhere. */
const leastBeyond = 5;

/** A test that has seen nothing. Throws RangeError unless 0 < quantile < 1 and margin ≥ 0. */
export function newQuantileTest(
  edges: readonly number[],
  quantile: number,
  margin: number,
  direction: RateDirection = 'above',
): QuantileTest {
  if (!(quantile > 0 && quantile < 1)) throw new RangeError('a quantile is within 0 and 1');
  if (!(margin >= 0)) throw new RangeError('a margin is a share from 0 up');
  return { quantile, margin, edges, seen: {}, rates: newRateTest(direction) };
}

/**
 * The test after one look, each stratum at most once. A stratum's first calls only set its cut. A cut past the last
 * edge gives no evidence: the edges should reach the timeout × (1 + margin). Evidence: `logRateEvidence(test.rates)`.
 */
export function stepQuantileTest(test: QuantileTest, looks: readonly QuantileLook[]): QuantileTest {
  const tables: RateTable[] = [];
  const seen = { ...test.seen };
  for (const { stratum, canary, stable } of looks) {
    const before = seen[stratum] ?? [];
    const cuts = cutsOf(test, before);
    if (cuts) tables.push({ canary: beyond(canary, cuts.canary), stable: beyond(stable, cuts.stable) });
    seen[stratum] = stable.map((count, bin) => count + (before[bin] ?? 0));
  }
  return { ...test, seen, rates: stepRateTest(test.rates, tables) };
}

/** Indices of the edges at which each version's calls are cut, or undefined while they cannot be set. */
function cutsOf(test: QuantileTest, before: readonly number[]): { canary: number; stable: number } | undefined {
  const { edges, quantile, margin } = test;
  const total = sum(before);
  if (total * Math.min(quantile, 1 - quantile) < leastBeyond) return undefined;
  const stable = edgeAtQuantile(before, total * quantile);
  const edge = edges[stable];
  if (edge === undefined) return undefined;
  const wanted = edge * (1 + margin);
  // Edges are products: one that equals the wanted cut but for rounding is that cut.
  const above = edges.findIndex(each => each >= wanted * (1 - 1e-12));
  if (test.rates.direction === 'above') return above === -1 ? undefined : { canary: above, stable };
  const below = edges.findLastIndex(each => each <= wanted * (1 + 1e-12));
  return below === -1 ? undefined : { canary: below, stable };
}

/** Index of the first edge with at least `wanted` counts below it; past the end when there is none. */
function edgeAtQuantile(counts: readonly number[], wanted: number): number {
  let below = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    below += counts[bin] ?? 0;
    if (below >= wanted) return bin;
  }
  return counts.length;
}

function beyond(counts: readonly number[], edge: number): { calls: number; errors: number } {
  return { calls: sum(counts), errors: sum(counts.slice(edge + 1)) };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
