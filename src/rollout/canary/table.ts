import Value from 'typebox/value';
import { CanaryOptions } from '../options.ts';
import { type Climbed, climb } from './simulated-climb.ts';
import { type SessionOutcome, simulateSessions } from './simulated-sessions.ts';
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

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`;
}

/** One line of the table of canaries as good as stable that climb their steps while the world drifts. */
export interface ClimbLine {
  readonly base: number;
  readonly climbed: Climbed;
}

/** Simulates each line; the numbers depend on nothing but how many runs there are. */
export function simulateClimbs(runs: number): readonly ClimbLine[] {
  const options = Value.Default(CanaryOptions, { steps: [5, 25, 50, 100] }) as CanaryOptions;
  return tableBases.map((base, index) => ({
    base,
    climbed: climb({ options, base, drift: 2, callsPerLook: 2_000, looks: 100, runs, seed: index + 21 }),
  }));
}

/** The second table of `docs/canary.md`. */
export function renderClimbs(lines: readonly ClimbLine[], runs: number): string {
  const rows = lines.map(({ base, climbed: { rolledBack, ended, promoted } }) => {
    const others = [ended - rolledBack, promoted].map(count => percent(count, runs)).join(' | ');
    return `| ${100 * base} % | ${percent(rolledBack, runs)} | ${others} | ${percent(runs - ended - promoted, runs)} |`;
  });
  return [
    '| stable’s error rate | rolled back wrongly | held wrongly | promoted | not decided yet |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Canaries of callers who make thirty calls each, as good as stable and worse. */
const sessionLines = [
  {
    what: 'a session in a hundred fails wholly, on both sides',
    world: { broken: { canary: 0.01, stable: 0.01 }, errors: { canary: 0.002, stable: 0.002 }, alike: true, looks: 40 },
    worse: false,
  },
  {
    what: 'a session in twenty fails wholly, on both sides',
    world: { broken: { canary: 0.05, stable: 0.05 }, errors: { canary: 0.002, stable: 0.002 }, alike: true, looks: 40 },
    worse: false,
  },
  {
    what: 'two sessions in a hundred fail wholly, the canary’s alone',
    world: { broken: { canary: 0.02, stable: 0 }, errors: { canary: 0.002, stable: 0.002 }, alike: true, looks: 200 },
    worse: true,
  },
  {
    what: 'each call fails by itself: 1 % of stable’s, 3 % of the canary’s',
    world: { broken: { canary: 0, stable: 0 }, errors: { canary: 0.03, stable: 0.01 }, alike: true, looks: 40 },
    worse: true,
  },
] as const;

/** One line of the table of sessions. */
export interface SessionLine {
  readonly what: string;
  /** Whether the canary is. */
  readonly worse: boolean;
  readonly runs: number;
  readonly outcome: SessionOutcome;
}

/** Simulates each line; the numbers depend on nothing but how many runs there are. */
export function simulateSessionTable(runs: {
  readonly harmless: number;
  readonly harmful: number;
}): readonly SessionLine[] {
  const options = Value.Default(CanaryOptions, {}) as CanaryOptions;
  return sessionLines.map(({ what, world, worse }, index) => {
    const times = worse ? runs.harmful : runs.harmless;
    const outcome = simulateSessions({ options, ...world, runs: times, seed: index + 41 });
    return { what, worse, runs: times, outcome };
  });
}

/** The third table of `docs/canary.md`. */
export function renderSessions(lines: readonly SessionLine[]): string {
  const rows = lines.map(({ what, worse, runs, outcome: { rolledBack, ended, looks } }) => {
    const median = looks[looks.length >> 1];
    const until = !worse || median === undefined ? '–' : String(100 * median);
    return `| ${what} | ${percent(rolledBack, runs)} | ${percent(ended - rolledBack, runs)} | ${until} |`;
  });
  return [
    '| sessions of thirty calls | rolled back | held by a guard | median canary requests until then |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}
