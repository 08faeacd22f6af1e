/** Counts of categories fixed by a baseline, added up exactly across replicas and windows; plain JSON. */
export interface CategoryCounts {
  /** The categories the baseline knew, without repetition. */
  readonly categories: readonly string[];
  /** One for each category. */
  readonly counts: readonly number[];
  /** Values that were absent: null or undefined. */
  readonly missing: number;
  /** Values the baseline did not know. */
  readonly unseen: number;
}

/** No counts yet. Throws RangeError when a category is named twice. */
export function emptyCategories(categories: readonly string[]): CategoryCounts {
  if (new Set(categories).size !== categories.length) throw new RangeError('a category is named twice');
  return { categories, counts: categories.map(() => 0), missing: 0, unseen: 0 };
}

/** Counts with some values more. Numbers and booleans count as their text; anything else unknown is unseen. */
export function addToCategories(before: CategoryCounts, values: Iterable<unknown>): CategoryCounts {
  const places = new Map(before.categories.map((category, at) => [category, at]));
  const counts = before.counts.slice();
  let { missing, unseen } = before;
  for (const value of values) {
    const at = typeof value === 'object' ? undefined : places.get(String(value));
    if (value === null || value === undefined) missing += 1;
    else if (at === undefined) unseen += 1;
    else counts[at] = (counts[at] ?? 0) + 1;
  }
  return { categories: before.categories, counts, missing, unseen };
}

/** Sum of two. Throws RangeError when their categories differ. */
export function mergeCategories(left: CategoryCounts, right: CategoryCounts): CategoryCounts {
  const same = left.categories.length === right.categories.length;
  if (!same || left.categories.some((category, at) => category !== right.categories[at]))
    throw new RangeError('counts of different categories do not add up');
  return {
    categories: left.categories,
    counts: left.counts.map((count, at) => count + (right.counts[at] ?? 0)),
    missing: left.missing + right.missing,
    unseen: left.unseen + right.unseen,
  };
}

/** All bins as one count vector for a distance: the categories, then missing, then unseen. */
export function allCategoryBins(counts: CategoryCounts): number[] {
  return [...counts.counts, counts.missing, counts.unseen];
}
