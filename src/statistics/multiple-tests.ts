/**
 * p-values adjusted for being several: each may then be compared with the level itself. Order is kept, 1 is the cap. One
 * that is no number counts as 1: a test that says nothing must not silence the others.
 */

/** Bonferroni: controls the chance of any false alarm, under any dependence. */
export function bonferroni(given: readonly number[]): number[] {
  const values = told(given);
  return values.map(p => Math.min(1, p * values.length));
}

/** Holm's step-down: as Bonferroni, never weaker. */
export function holm(given: readonly number[]): number[] {
  const values = told(given);
  const adjusted = values.slice();
  let most = 0;
  ascending(values).forEach((at, rank) => {
    most = Math.max(most, Math.min(1, (values[at] ?? 1) * (values.length - rank)));
    adjusted[at] = most;
  });
  return adjusted;
}

/** Benjamini and Hochberg's step-up: controls the expected share of false alarms among the alarms. */
export function benjaminiHochberg(given: readonly number[]): number[] {
  const values = told(given);
  const adjusted = values.slice();
  let least = 1;
  const order = ascending(values);
  for (let rank = order.length; rank >= 1; rank -= 1) {
    const at = order[rank - 1] ?? 0;
    least = Math.min(least, ((values[at] ?? 1) * values.length) / rank);
    adjusted[at] = least;
  }
  return adjusted;
}

function told(values: readonly number[]): number[] {
  return values.map(p => (Number.isNaN(p) ? 1 : p));
}

/** Indices by ascending value. */
function ascending(values: readonly number[]): number[] {
  return values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
}
