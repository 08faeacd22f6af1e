import type { Random } from '../../core/random.ts';

/** Longest run of errors in calls of random order: at least as long as any that is under way when somebody looks. */
export function longestRun(random: Random, calls: number, errors: number): number {
  let [left, longest, run] = [errors, 0, 0];
  for (let rest = calls; rest > 0 && left > 0; rest -= 1) {
    const failed = random() * rest < left;
    run = failed ? run + 1 : 0;
    if (failed) left -= 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** How many of n succeed with chance p: by inversion, quick where n·p is small. */
export function binomial(random: Random, n: number, p: number): number {
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  if (p <= 0 || n === 0) return 0;
  // Where the first term would be less than what a number holds: in two halves.
  if (-n * Math.log1p(-p) > 600) return binomial(random, n >> 1, p) + binomial(random, n - (n >> 1), p);
  let term = (1 - p) ** n;
  let draw = random();
  let count = 0;
  while (draw > term && count < n) {
    draw -= term;
    term *= ((n - count) * p) / ((count + 1) * (1 - p));
    count += 1;
  }
  return count;
}

/** A multinomial draw, bin by bin. */
export function spread(
  random: Random,
  n: number,
  shares: readonly number[],
  each: (bin: number, count: number) => void,
): void {
  let [left, rest] = [n, 1];
  for (const [bin, part] of shares.entries()) {
    const count = bin === shares.length - 1 ? left : binomial(random, left, Math.min(1, part / rest));
    if (count > 0) each(bin, count);
    left -= count;
    rest -= part;
  }
}
