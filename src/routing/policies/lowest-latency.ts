import type { Random } from '../../core/random.ts';
import { ascending, loadedMs, withFirst } from '../ranking.ts';
import type { Candidate, Policy } from '../router.ts';

/** Candidates this much slower than the best are not drawn: with a handful of regions far apart, half the calls would pay for it. */
const comparableFactor = 1.5;

/**
 * Lowest expected time × (calls in flight + 1). Where more than two are about equally good the first is the better of two
 * drawn by chance (Mitzenmacher, "The Power of Two Choices", 2001), so that many gateways do not all run to the same one.
 */
export function lowestLatency(random: Random): Policy {
  return {
    rule: 'expected time × (calls in flight + 1), lowest first; among more than two near-equals the better of two drawn',
    order: candidates => {
      const sorted = ascending(candidates, loadedMs);
      const near = comparable(sorted);
      return near > 2 ? withFirst(sorted, betterOfTwo(near, random)) : sorted;
    },
  };
}

/** How many, from the front, are within reach of the best. */
function comparable(sorted: readonly Candidate[]): number {
  const best = sorted[0];
  if (best === undefined) return 0;
  const limit = loadedMs(best) * comparableFactor;
  let count = 1;
  for (let next = sorted[count]; next !== undefined && loadedMs(next) <= limit; next = sorted[count]) count += 1;
  return count;
}

/** The lower of two different places below `count`: drawn from one fewer the second time, it is distributed just so. */
function betterOfTwo(count: number, random: Random): number {
  return Math.min(Math.floor(random() * count), Math.floor(random() * (count - 1)));
}
