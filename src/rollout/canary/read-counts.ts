import { type Moments, noMoments } from '../../statistics/moments.ts';
import { addCallerCount, type CallersDraft, isLikeness } from './callers.ts';
import {
  type Both,
  type Counts,
  type DrawnCounts,
  latencyEdges,
  type MirroredCounts,
  type ReadCounts,
  type RegionCounts,
  type Side,
  type Strata,
} from './counts.ts';

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
  const drawn = new Map<number, DrawnDraft>();
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
    else if (kind === 'c') addCaller(regionOf(rest[2] ?? '')[side].callers, rest, count);
    else if (kind === 'p') predictions[side][rest.join('/')] = count;
    else if (kind === '$' || kind === 'q') addSum(sums[kind], rest, side, count);
    else if (kind === 's' && name in mirrored) mirrored[name as keyof MirroredCounts] += count;
    else if (kind === 'd' || kind === 'k')
      drawnWith(drawn, Number(name))[kind === 'd' ? 'once' : 'returning'][side] += count;
  }
  return { regions, predictions, cost: momentsOf(sums.$), loss: momentsOf(sums.q), drawn, mirrored };
}

type Draft = Record<Exclude<keyof RegionCounts, 'latency' | 'callers'>, number> & {
  latency: number[];
  callers: CallersDraft;
};
type DrawnDraft = Record<keyof DrawnCounts, Record<Side, number>>;
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
  callers: {},
});
const noSums = (): Both<Sums> => ({ canary: { n: 0, s: 0, ss: 0 }, stable: { n: 0, s: 0, ss: 0 } });

function addCaller(callers: CallersDraft, [kind, field = '', , group = '']: readonly string[], count: number): void {
  if (isLikeness(kind)) addCallerCount(callers, { kind, field, group }, count);
}

function drawnWith(drawn: Map<number, DrawnDraft>, share: number): DrawnDraft {
  const none = () => ({ canary: 0, stable: 0 });
  const known = drawn.get(share) ?? { once: none(), returning: none() };
  drawn.set(share, known);
  return known;
}

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
