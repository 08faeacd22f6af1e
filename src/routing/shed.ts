import type { Random } from '../core/random.ts';
import { withFirst } from './ranking.ts';
import type { Candidate } from './router.ts';

/**
 * Makes targets that should get less (`share` below the others': slow start, throttled) get that much less under every
 * policy: with probability 1 − share the first steps behind the next. Shares count against the largest one present, so
 * that when all are equally restrained nothing changes.
 */
export function shed(candidates: readonly Candidate[], random: Random): readonly Candidate[] {
  let largest = 0;
  let smallest = 1;
  for (const { share } of candidates) {
    if (share > largest) largest = share;
    if (share < smallest) smallest = share;
  }
  if (smallest === largest) return candidates;
  let place = 0;
  for (; place < candidates.length - 1; place += 1) {
    if (random() * largest < (candidates[place]?.share ?? 0)) break;
  }
  return withFirst(candidates, place);
}
