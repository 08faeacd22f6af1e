/**
 * Unbiased estimate of the squared maximum mean discrepancy of two samples of points (equal dimensions, at least two
 * of each) with the kernel exp(−gamma · |x − y|²) (Gretton et al. 2012, lemma 6). About 0, and at times below it, when
 * both come from one distribution. O((n + m)² · dimensions).
 */
export function meanDiscrepancy(
  left: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
  gamma: number,
): number {
  const [n, m] = [left.length, right.length];
  const within = (points: readonly (readonly number[])[]) => kernelSum(points, points, gamma) - points.length;
  return within(left) / (n * (n - 1)) + within(right) / (m * (m - 1)) - (2 * kernelSum(left, right, gamma)) / (n * m);
}

/** Kernel width by the median rule: gamma = 1 / median squared distance of different points of the sample. */
export function medianGamma(points: readonly (readonly number[])[]): number {
  const distances: number[] = [];
  points.forEach((point, at) => {
    for (const other of points.slice(at + 1)) distances.push(squaredDistance(point, other));
  });
  distances.sort((a, b) => a - b);
  return 1 / (distances[distances.length >> 1] || 1);
}

function kernelSum(left: readonly (readonly number[])[], right: readonly (readonly number[])[], gamma: number): number {
  let sum = 0;
  for (const x of left) for (const y of right) sum += Math.exp(-gamma * squaredDistance(x, y));
  return sum;
}

function squaredDistance(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, at) => sum + (value - (y[at] ?? 0)) ** 2, 0);
}
