import { type Moments, mergeMoments, noMoments } from '../../statistics/moments.ts';

/** The two sides of the experiment. */
export const sides = ['canary', 'stable'] as const;
/** One of them. */
export type Side = (typeof sides)[number];
/** Something of each side. */
export type Both<T> = Readonly<Record<Side, T>>;

/**
 * Counters by name, so that those of replicas add up and those before a look can be taken away. The names:
 * `n|e|f|m/side/region` calls, errors, caller's faults, gateway's own faults; `g|h/side/region` calls of callers who had made
 * one in this step, and refusals among them; `l/side/region/bin` latencies;
 * `p/side/key` predictions; `$|q/side/n|s|ss/region/share` cost and loss of the calls drawn with this share: how many,
 * sum, sum of squares; `d|k/side/share` calls of nobody known, and callers who come again, as one process saw them, that were
 * finished while the share was in force; `s/canary/made|agreed|failed` mirrored calls.
 */
export type Counts = Readonly<Record<string, number>>;

/** Sum of counters. */
export function addCounts(all: Iterable<Counts>): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** What was counted after `before`; names that did not change are left out. */
export function countsSince(now: Counts, before: Counts): Counts {
  const grown = Object.entries(now).flatMap(([key, count]) => {
    const more = count - (before[key] ?? 0);
    return more === 0 ? [] : [[key, more] as const];
  });
  return Object.fromEntries(grown);
}

/** First attempts of one side in one region. */
export interface RegionCounts {
  readonly calls: number;
  readonly errors: number;
  readonly callerFaults: number;
  readonly misconfigured: number;
  /** Calls of callers who had made one in this step, and how many of these were refused. */
  readonly again: number;
  readonly refusedAgain: number;
  /** Answers by upstream time, see `latencyEdges`: one more than edges. */
  readonly latency: readonly number[];
}

/** Calls that were mirrored in the shadow stage: how many were made, and how those went. */
export interface MirroredCounts {
  readonly made: number;
  readonly agreed: number;
  /** Answered with an error, or not in time, or not made as every target was ejected. */
  readonly failed: number;
}

/** Of nothing. */
export const noMirrored: MirroredCounts = { made: 0, agreed: 0, failed: 0 };

/** Values of both sides by where, and with which share, their calls were drawn. */
export type Strata = ReadonlyMap<string, Both<Moments>>;

/** The region of a key of `Strata`. */
export function regionOfStratum(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}

/** Whoever was drawn while one share was in force. */
export interface DrawnCounts {
  /** Calls, each of them drawn. */
  readonly once: Both<number>;
  /** Callers who come again, so that each process may have counted the same ones. */
  readonly returning: Both<number>;
}

/** Counters put in order. */
export interface ReadCounts {
  readonly regions: ReadonlyMap<string, Both<RegionCounts>>;
  readonly predictions: Both<Counts>;
  /** By `region/share`. */
  readonly cost: Strata;
  readonly loss: Strata;
  /** By share, 0 to 1. */
  readonly drawn: ReadonlyMap<number, DrawnCounts>;
  readonly mirrored: MirroredCounts;
}

const steps = 105;
/** Upper bounds of latency bins, ms: 1 ms to 167 s, twelve percent apart, so that no margin is rounded by more. */
export const latencyEdges: readonly number[] = Array.from({ length: steps }, (_, index) =>
  Number((1.1226 ** index).toPrecision(6)),
);

const fields = {
  n: 'calls',
  e: 'errors',
  f: 'callerFaults',
  m: 'misconfigured',
  g: 'again',
  h: 'refusedAgain',
} as const;

function isField(kind: string | undefined): kind is keyof typeof fields {
  return kind !== undefined && Object.hasOwn(fields, kind);
}

/** Reads counters; names it does not know, as of another version of the gateway, are passed over. */
export function readCounts(counts: Counts): ReadCounts {
  const regions = new Map<string, Both<Draft>>();
  const predictions: Both<Record<string, number>> = { canary: {}, stable: {} };
  const sums = { $: new Map<string, Both<Sums>>(), q: new Map<string, Both<Sums>>() };
  const drawn = new Map<number, Record<keyof DrawnCounts, Record<Side, number>>>();
  const mirrored = { made: 0, agreed: 0, failed: 0 };
  const regionOf = (name: string) => {
    const known = regions.get(name) ?? { canary: draft(), stable: draft() };
    regions.set(name, known);
    return known;
  };
  for (const [key, count] of Object.entries(counts)) {
    const [kind, side, ...rest] = key.split('/');
    if ((side !== 'canary' && side !== 'stable') || rest.length === 0) continue;
    const [name = '', bin] = rest;
    if (isField(kind)) regionOf(name)[side][fields[kind]] += count;
    else if (kind === 'l') add(regionOf(name)[side].latency, Number(bin), count);
    else if (kind === 'p') predictions[side][rest.join('/')] = count;
    else if (kind === '$' || kind === 'q') addSum(sums[kind], rest, side, count);
    else if (kind === 's' && name in mirrored) mirrored[name as keyof MirroredCounts] += count;
    else if (kind === 'd' || kind === 'k') {
      const none = () => ({ canary: 0, stable: 0 });
      const known = drawn.get(Number(name)) ?? { once: none(), returning: none() };
      known[kind === 'd' ? 'once' : 'returning'][side] += count;
      drawn.set(Number(name), known);
    }
  }
  return { regions, predictions, cost: momentsOf(sums.$), loss: momentsOf(sums.q), drawn, mirrored };
}

type Draft = { -readonly [key in keyof RegionCounts]: RegionCounts[key] extends number ? number : number[] };
interface Sums {
  n: number;
  s: number;
  ss: number;
}

const draft = (): Draft => ({
  calls: 0,
  errors: 0,
  callerFaults: 0,
  misconfigured: 0,
  again: 0,
  refusedAgain: 0,
  latency: new Array<number>(latencyEdges.length + 1).fill(0),
});
const noSums = (): Both<Sums> => ({ canary: { n: 0, s: 0, ss: 0 }, stable: { n: 0, s: 0, ss: 0 } });

function add(counts: number[], bin: number, count: number): void {
  if (bin in counts) counts[bin] = (counts[bin] ?? 0) + count;
}

function addSum(
  strata: Map<string, Both<Sums>>,
  [name = '', ...where]: readonly string[],
  side: Side,
  by: number,
): void {
  const key = where.join('/');
  const known = strata.get(key) ?? noSums();
  if (name in known[side]) known[side][name as keyof Sums] += by;
  strata.set(key, known);
}

function momentsOf(strata: ReadonlyMap<string, Both<Sums>>): Strata {
  const both = ({ canary, stable }: Both<Sums>) => ({ canary: momentsOfSums(canary), stable: momentsOfSums(stable) });
  return new Map([...strata].map(([key, sums]) => [key, both(sums)]));
}

function momentsOfSums({ n, s, ss }: Sums): Moments {
  if (n === 0) return noMoments;
  return { count: n, mean: s / n, m2: Math.max(0, ss - (s * s) / n), min: null, max: null };
}

/** Sum of two. */
export function addMirrored(left: MirroredCounts = noMirrored, right: MirroredCounts): MirroredCounts {
  return {
    made: left.made + right.made,
    agreed: left.agreed + right.agreed,
    failed: left.failed + right.failed,
  };
}

/** Moments of two samples together. */
export function mergeBoth(left: Both<Moments>, right: Both<Moments>): Both<Moments> {
  return {
    canary: mergeMoments(left.canary, right.canary),
    stable: mergeMoments(left.stable, right.stable),
  };
}
