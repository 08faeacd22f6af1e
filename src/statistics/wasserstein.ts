/** A least scale, so that a constant reference does not make every difference infinite (Evidently's rule). */
const leastScale = 0.001;

/** A value and how much of the distribution lies there. */
interface Mass {
  readonly value: number;
  readonly left: number;
  readonly right: number;
}

/** Wasserstein-1 ("earth mover's") distance of two samples, in the unit of the values. Neither may be empty. */
export function wasserstein(left: readonly number[], right: readonly number[]): number {
  return weightedWasserstein(left, left.map(one), right, right.map(one));
}

/** The same of values with weights (any positive scale; each side is divided by its sum). */
export function weightedWasserstein(
  left: readonly number[],
  leftWeights: readonly number[],
  right: readonly number[],
  rightWeights: readonly number[],
): number {
  const [leftSum, rightSum] = [total(leftWeights), total(rightWeights)];
  const masses: Mass[] = [
    ...left.map((value, index) => ({ value, left: (leftWeights[index] ?? 0) / leftSum, right: 0 })),
    ...right.map((value, index) => ({ value, left: 0, right: (rightWeights[index] ?? 0) / rightSum })),
  ].sort((a, b) => a.value - b.value);
  let [ahead, distance, from] = [0, 0, masses[0]?.value ?? 0];
  for (const mass of masses) {
    distance += Math.abs(ahead) * (mass.value - from);
    ahead += mass.left - mass.right;
    from = mass.value;
  }
  return distance;
}

/**
 * The same of two histograms with common edges, each with `edges.length + 1` counts: below the first edge, the bins,
 * from the last edge up. Within a bin the mass lies evenly, outside on the nearest edge.
 */
export function wassersteinOfCounts(
  edges: readonly number[],
  left: readonly number[],
  right: readonly number[],
): number {
  const [leftSum, rightSum] = [total(left), total(right)];
  let [ahead, distance] = [0, 0];
  for (let bin = 0; bin < edges.length; bin += 1) {
    const before = ahead;
    ahead += (left[bin] ?? 0) / leftSum - (right[bin] ?? 0) / rightSum;
    if (bin > 0) distance += areaUnder(before, ahead) * ((edges[bin] ?? 0) - (edges[bin - 1] ?? 0));
  }
  return distance;
}

/** Mean of |y| on a straight line from one height to another. */
function areaUnder(from: number, to: number): number {
  if (from * to >= 0) return Math.abs(from + to) / 2;
  return (from * from + to * to) / (2 * (Math.abs(from) + Math.abs(to)));
}

/** A distance in units of the reference's spread: divided by its standard deviation (ddof 0), at least 0.001. */
export function normedDistance(distance: number, referenceDeviation: number): number {
  return distance / Math.max(referenceDeviation, leastScale);
}

function one(): number {
  return 1;
}

function total(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
