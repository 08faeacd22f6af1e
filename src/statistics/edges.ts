/** Edges for `FixedHistogram`, strictly ascending. */

/**
 * Edges at the quantiles of a sorted, non-empty reference sample, so that each of `bins` bins holds about the same
 * share: bins − 1 of them, the ends being open. Equal quantiles fall together, so there may be fewer; at least one.
 */
export function quantileEdges(sorted: readonly number[], bins: number): number[] {
  const edges: number[] = [];
  for (let cut = 1; cut < bins; cut += 1) {
    const edge = sampleQuantile(sorted, cut / bins);
    if (edge > (edges.at(-1) ?? -Infinity)) edges.push(edge);
  }
  return edges.length > 0 ? edges : [sorted[0] ?? 0];
}

/** Edges with equal widths, `bins + 1` of them from `low` to `high`. */
export function evenEdges(low: number, high: number, bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, at) => low + ((high - low) * at) / bins);
}

/** Edges with equal ratios from `low` to at least `high` (both above 0), `perDecade` of them for each factor of ten. */
export function logEdges(low: number, high: number, perDecade: number): number[] {
  const steps = Math.ceil(Math.log10(high / low) * perDecade - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => low * 10 ** (at / perDecade));
}

/** Sturges' number of bins for n values. */
export function sturgesBins(n: number): number {
  return Math.ceil(Math.log2(Math.max(1, n))) + 1;
}

/** Quantile 0 ≤ q ≤ 1 of a sorted, non-empty sample, linear between neighbours (type 7, as numpy's default). */
export function sampleQuantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  const part = at - Math.floor(at);
  // Neighbours at both ends of what a number holds are farther apart than that.
  return Number.isFinite(high - low) ? low + (high - low) * part : low * (1 - part) + high * part;
}
