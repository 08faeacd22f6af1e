/**
 * Scores with how often each came, where the truth was 1 and where it was 0: what the area under the curve is made of.
 * Every score stands by itself while there are few; past `mostCells` of them, all are counted in cells of one width. The
 * width follows from the scores alone, not from their order or from who counted which, so counts of replicas and panes
 * add up to what one would have counted over everything. Plain JSON; the arrays go together.
 */
export interface ScoreCounts {
  /** Of a cell, a power of two; 0 while every score stands by itself. */
  width: number;
  /** Ascending: scores, or the lower ends of cells. */
  readonly scores: number[];
  readonly positives: number[];
  readonly negatives: number[];
}

/** Scores told apart, at least 512 of them between 0 and 1 whatever they are. */
export const mostCells = 600;
/** The first width there is; each next is twice as wide, so its cells hold whole cells of the one before. */
const finest = 2 ** -40;
/** From so many widths on, a number is a whole multiple of the width. */
const wholes = 2 ** 53;

/** None yet. */
export function noScores(): ScoreCounts {
  return { width: 0, scores: [], positives: [], negatives: [] };
}

/** Counts a finite score, in place. */
export function addScore(counts: ScoreCounts, score: number, positive: boolean): void {
  addCell(counts, cellOf(score, counts.width), positive);
  coarsen(counts);
}

/** Adds counts to others, in place: one pass over both, as windows are sums of many panes. */
export function addScores(into: ScoreCounts, more: ScoreCounts): void {
  widen(into, Math.max(into.width, more.width));
  const [former, other] = [copyOf(into), copyOf(more)];
  widen(other, into.width);
  let [left, right, at] = [0, 0, 0];
  for (; left < former.scores.length || right < other.scores.length; at += 1) {
    const [mine, theirs] = [former.scores[left] ?? Infinity, other.scores[right] ?? Infinity];
    into.scores[at] = Math.min(mine, theirs);
    into.positives[at] = 0;
    into.negatives[at] = 0;
    if (mine <= theirs) addCounts(into, at, former, left++);
    if (theirs <= mine) addCounts(into, at, other, right++);
  }
  coarsen(into);
}

function copyOf({ width, scores, positives, negatives }: ScoreCounts): ScoreCounts {
  return { width, scores: [...scores], positives: [...positives], negatives: [...negatives] };
}

function addCounts(into: ScoreCounts, at: number, from: ScoreCounts, index: number): void {
  into.positives[at] = (into.positives[at] ?? 0) + (from.positives[index] ?? 0);
  into.negatives[at] = (into.negatives[at] ?? 0) + (from.negatives[index] ?? 0);
}

/** Scores where the truth was 1, and where it was 0. */
export function scoredIn({ positives, negatives }: ScoreCounts): { positives: number; negatives: number } {
  const of = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return { positives: of(positives), negatives: of(negatives) };
}

/**
 * Share of pairs of a positive and a negative in which the positive has the higher score, half where they are in one
 * cell: exact while `width` is 0. Undefined where one of both is missing.
 */
export function areaUnderCurve(counts: ScoreCounts): number | undefined {
  const sums = scoredIn(counts);
  if (sums.positives === 0 || sums.negatives === 0) return undefined;
  let below = 0;
  let won = 0;
  for (const [cell, positives] of counts.positives.entries()) {
    const here = counts.negatives[cell] ?? 0;
    won += positives * (below + here / 2);
    below += here;
  }
  return won / sums.positives / sums.negatives;
}

function cellOf(score: number, width: number): number {
  if (width === 0 || Math.abs(score) >= width * wholes) return score + 0; // −0 is 0
  return Math.floor(score / width) * width + 0;
}

function addCell({ scores, positives, negatives }: ScoreCounts, score: number, positive: boolean): void {
  const at = firstFrom(scores, score);
  if (scores[at] !== score) {
    scores.splice(at, 0, score);
    positives.splice(at, 0, 0);
    negatives.splice(at, 0, 0);
  }
  const side = positive ? positives : negatives;
  side[at] = (side[at] ?? 0) + 1;
}

/** Place of the first score that is not below this one. */
function firstFrom(scores: readonly number[], score: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] ?? 0) < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function coarsen(counts: ScoreCounts): void {
  while (counts.scores.length > mostCells) widen(counts, counts.width === 0 ? finest : counts.width * 2);
}

/** The same counts in wider cells, in place. */
function widen(counts: ScoreCounts, width: number): void {
  if (width === counts.width) return;
  const { scores, positives, negatives } = counts;
  let last = -1;
  for (const [index, score] of scores.entries()) {
    const cell = cellOf(score, width);
    const ones = positives[index] ?? 0;
    const zeros = negatives[index] ?? 0;
    if (last >= 0 && scores[last] === cell) {
      positives[last] = (positives[last] ?? 0) + ones;
      negatives[last] = (negatives[last] ?? 0) + zeros;
      continue;
    }
    last += 1;
    scores[last] = cell;
    positives[last] = ones;
    negatives[last] = zeros;
  }
  for (const array of [scores, positives, negatives]) array.length = last + 1;
  counts.width = width;
}
