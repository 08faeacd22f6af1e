import type { Candidate } from './router.ts';
import { expectedMs } from './warmth.ts';

/** What lowest latency means: expected time × the calls that would then be there (Finagle, linkerd2: EWMA × (pending + 1)). */
export function loadedMs(candidate: Candidate): number {
  return expectedMs(candidate.estimate) * (candidate.inFlight + 1);
}

/**
 * A new list by `first`, equal ones by `second`, then as they came. An insertion sort, because a version has a handful of
 * targets and each key is then worked out once.
 */
export function ascending(
  candidates: readonly Candidate[],
  first: (candidate: Candidate) => number,
  second?: (candidate: Candidate) => number,
): Candidate[] {
  const sorted: Candidate[] = [];
  const keys: number[] = [];
  for (const candidate of candidates) {
    const key = first(candidate);
    let place = sorted.length;
    while (place > 0 && precedes(candidate, key, sorted[place - 1], keys[place - 1], second)) {
      sorted[place] = sorted[place - 1] as Candidate;
      keys[place] = keys[place - 1] as number;
      place -= 1;
    }
    sorted[place] = candidate;
    keys[place] = key;
  }
  return sorted;
}

function precedes(
  candidate: Candidate,
  key: number,
  other: Candidate | undefined,
  otherKey: number | undefined,
  second: ((candidate: Candidate) => number) | undefined,
): boolean {
  if (other === undefined || otherKey === undefined) return false;
  if (key !== otherKey) return key < otherKey;
  return second !== undefined && second(candidate) < second(other);
}

/** The same list with the one at `index` in front. */
export function withFirst(candidates: readonly Candidate[], index: number): readonly Candidate[] {
  const first = candidates[index];
  if (index === 0 || first === undefined) return candidates;
  const moved = candidates.slice();
  moved.copyWithin(1, 0, index);
  moved[0] = first;
  return moved;
}
