import type { Random } from '../../src/core/random.ts';

/** How many of so many tries succeed, each with this chance below 1: by leaps from success to success. */
export function binomialDraw(random: Random, tries: number, chance: number): number {
  if (chance <= 0) return 0;
  let [at, successes] = [-1, 0];
  for (;;) {
    at += 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-chance));
    if (at >= tries) return successes;
    successes += 1;
  }
}

/** A draw from the standard normal (Box and Muller). */
export function normalDraw(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How many of so many runs, each from the same generator, come out true. */
export function countRuns(runs: number, run: () => boolean): number {
  let hits = 0;
  for (let each = 0; each < runs; each += 1) if (run()) hits += 1;
  return hits;
}
