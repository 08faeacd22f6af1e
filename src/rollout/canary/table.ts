import Value from 'typebox/value';
import { CanaryOptions } from '../options.ts';
import { type Outcome, simulate } from './simulation.ts';

/** Stable's error rates that the table has a line for. */
export const tableBases = [0.001, 0.01, 0.05, 0.1] as const;
/** How much the canary's error rate is raised in the runs that should be caught. */
const rise = 0.02;
const requests = 2_000;

/** One line of the table. */
export interface TableLine {
  readonly base: number;
  /** Same error rate on both sides. */
  readonly harmless: Outcome;
  /** The canary's is two points higher. */
  readonly harmful: Outcome;
}

/** Simulates each line; the numbers depend on nothing but how many runs there are. */
export function simulateTable(runs: { readonly harmless: number; readonly harmful: number }): readonly TableLine[] {
  const options = Value.Default(CanaryOptions, {}) as CanaryOptions;
  return tableBases.map((base, index) => ({
    base,
    harmless: simulate({ options, stable: base, canary: base, requests, runs: runs.harmless, seed: 2 * index + 1 }),
    harmful: simulate({
      options,
      stable: base,
      canary: base + rise,
      requests,
      runs: runs.harmful,
      seed: 2 * index + 2,
    }),
  }));
}

/** The table of `docs/canary.md`. */
export function renderTable(
  lines: readonly TableLine[],
  runs: { readonly harmless: number; readonly harmful: number },
): string {
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
  const rows = lines.map(({ base, harmless, harmful }) => {
    const median = harmful.requests[harmful.requests.length >> 1];
    const until = harmful.ended < runs.harmful / 2 ? 'more than 2,000' : String(median);
    const caught = percent(harmful.ended, runs.harmful);
    return `| ${100 * base} % | ${percent(harmless.ended, runs.harmless)} | ${caught} | ${until} |`;
  });
  return [
    '| stable’s error rate | ended wrongly | 2 points more, caught within 2,000 | median canary requests until then |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
