/** Edit distance with swaps of neighbours as one edit (optimal string alignment, Damerau–Levenshtein restricted). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (before[column - 2] ?? 0) + 1);
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known name that was probably meant, if one is near: at most a third of its letters differ, or it ends so. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 64) return undefined;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const [written, wanted] = [name.toLowerCase(), candidate.toLowerCase()];
    const distance = wanted.endsWith(`-${written}`) ? 1 : editDistance(written, wanted);
    const near = distance <= Math.max(1, Math.floor(candidate.length / 3)) && distance < candidate.length;
    if (near && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** What to write instead: `known: a, b (did you mean "a"?)`; `none is configured` where there is nothing. */
export function knownNames(name: string, known: Iterable<string>): string {
  const names = [...known];
  return names.length === 0 ? 'none is configured: add it' : `known: ${names.join(', ')}${didYouMean(name, names)}`;
}

/** ` (did you mean "region"?)`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}
