import type { Random } from '../../src/core/random.ts';

/** How many of so many tries succeed, each with this chance. */
export function binomialDraw(random: Random, tries: number, chance: number): number {
  let successes = 0;
  for (let each = 0; each < tries; each += 1) if (random() < chance) successes += 1;
  return successes;
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
