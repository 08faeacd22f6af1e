/**
 * A sum without rounding: partial sums that do not overlap (Shewchuk, "Adaptive precision floating-point arithmetic",
 * 1997; as Python's `math.fsum`). It does not depend on the order of what is added, so sums of replicas merge exactly.
 */
export type ExactSum = number[];

/** Adds a finite number, in place. */
export function addExactly(sum: ExactSum, value: number): void {
  let kept = 0;
  let x = value;
  for (let i = 0; i < sum.length; i++) {
    let y = sum[i] as number;
    if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
    const high = x + y;
    const low = y - (high - x);
    if (low !== 0) {
      sum[kept] = low;
      kept += 1;
    }
    x = high;
  }
  sum[kept] = x;
  sum.length = kept + 1;
}

/** Adds another sum, in place. */
export function addSum(sum: ExactSum, other: readonly number[]): void {
  for (const part of other) addExactly(sum, part);
}

/** The sum, rounded once. */
export function roundedSum(sum: readonly number[]): number {
  let index = sum.length - 1;
  let high = sum[index] ?? 0;
  let low = 0;
  while (index > 0 && low === 0) {
    index -= 1;
    const x = high;
    const y = sum[index] as number;
    high = x + y;
    low = y - (high - x);
  }
  // Half-way cases go to where the rest of the partials lies.
  const next = index > 0 ? (sum[index - 1] as number) : 0;
  if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
    const doubled = low * 2;
    const x = high + doubled;
    if (doubled === x - high) high = x;
  }
  return high;
}
