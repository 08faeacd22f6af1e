import { type Random, seededRandom } from '../../core/random.ts';
import { binOf } from '../../statistics/fixed-histogram.ts';
import type { CanaryOptions } from '../options.ts';
import { type Counts, latencyEdges, type Side, sides } from './counts.ts';
import type { Run } from './look.ts';
import { moved } from './move.ts';
import { planOf } from './plan.ts';
import { readCounts } from './read-counts.ts';
import { type CanaryRecord, shareOf } from './record.ts';
import { binomial, longestRun, spread } from './simulated-draws.ts';
import { newRecord, versionIn } from './simulated-record.ts';
import { decide, reportsOf, withLook } from './verdict.ts';

/** Whole canaries, from the first wave to the last step, in a world that does not stand still. */
export interface Climbs {
  readonly options: CanaryOptions;
  /** Stable's error rate where nothing drifts, 0 to 1. */
  readonly base: number;
  /** By how much errors, losses, costs and latencies rise and fall with the time, as a factor: 1 is not at all. */
  readonly drift: number;
  /** Calls of both sides per look; every look is as long as the next. */
  readonly callsPerLook: number;
  /** Looks of a canary at most. */
  readonly looks: number;
  readonly runs: number;
  readonly seed: number;
  /** What the canary does worse, each as a factor: as good as stable by default. */
  readonly worse?: { readonly loss?: number; readonly cost?: number; readonly latency?: number };
}

/** What became of them. */
export interface Climbed {
  readonly promoted: number;
  /** Rolled back, or held by a guard. */
  readonly ended: number;
  readonly rolledBack: number;
  /** Looked broken at 100 % and went back to be compared again, whatever became of them then. */
  readonly verified: number;
  /** How often each guard ended one. */
  readonly by: Readonly<Record<string, number>>;
}

/** A small region that bakes first, with few errors, and a large one that errs four times as often and is slower. */
const regions = [
  { name: 'eu-west-1', part: 0.25, errors: 0.5, latencyMs: [20, 24, 28, 33, 40, 55, 80, 140], usd: 0.001 },
  { name: 'us-east-1', part: 0.75, errors: 2, latencyMs: [90, 95, 101, 110, 125, 150, 190, 300], usd: 0.004 },
];
const latencyShares = [0.2, 0.2, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02];
const replicas = ['one', 'other'];
const callerFaultRate = 0.01;
/** Truth comes for one answer in so many. */
const truthEvery = 5;

/** One canary on its way. */
interface World {
  readonly random: Random;
  readonly climbs: Climbs;
  /** Where in its waves the drift begins, and how many looks a wave of it takes. */
  readonly phase: number;
  readonly period: number;
}

/** Runs canaries that climb their steps while the world drifts, all guards on. */
export function climb(climbs: Climbs): Climbed {
  const random = seededRandom(climbs.seed);
  const by: Record<string, number> = {};
  let [promoted, rolledBack, ended, verified] = [0, 0, 0, 0];
  for (let run = 0; run < climbs.runs; run += 1) {
    const phase = 2 * Math.PI * random();
    const record = climbOnce({ random, climbs, phase, period: climbs.looks * (0.5 + 1.5 * random()) });
    if (record.state === 'promoted') promoted += 1;
    if (record.verified !== undefined) verified += 1;
    if (record.state !== 'rolled-back' && (record.state !== 'held' || record.reason.startsWith('inconclusive')))
      continue;
    ended += 1;
    if (record.state === 'rolled-back') rolledBack += 1;
    const guard = record.reason.split(':')[0] ?? '';
    by[guard] = (by[guard] ?? 0) + 1;
  }
  return { promoted, ended, rolledBack, verified, by };
}

function climbOnce(world: World): CanaryRecord {
  const { climbs } = world;
  const names = regions.map(({ name }) => name);
  const plan = planOf(climbs.options, versionIn(names), {
    ...{ bakeMs: 0, warmUpCalls: 0, waves: [names.slice(0, 1), 'rest'] },
  });
  let record = newRecord(plan);
  for (let look = 1; look <= climbs.looks; look += 1) {
    const atMs = look * plan.lookEveryMs;
    const { counts, runs } = lookAt(world, record, look);
    record = withLook(record, { atMs, counts: readCounts(counts), runs, ill: new Map(), callersOf: replicas });
    const reports = reportsOf(record);
    const decision = decide(record, reports, atMs);
    const next = decision && moved(record, decision.move, { by: 'gateway', reason: decision.reason, atMs });
    record = next ?? record;
    if (!['stepping', 'frozen'].includes(record.state)) return record;
  }
  return record;
}

/** What two replicas counted of one look's calls, drawn anew. */
function lookAt(world: World, record: CanaryRecord, look: number): { counts: Counts; runs: Run[] } {
  const { random, climbs, phase, period } = world;
  const share = shareOf(record);
  const factor = climbs.drift ** Math.sin(phase + (2 * Math.PI * look) / period);
  const counts: Record<string, number> = {};
  const runs: Run[] = [];
  for (const region of regions) {
    if (!record.plan.waves[record.wave]?.includes(region.name)) continue;
    const all = Math.round(climbs.callsPerLook * region.part);
    const canary = binomial(random, all, share);
    const side = (name: Side, calls: number) => drawSide(world, counts, { region, side: name, calls, factor, share });
    const [mine, theirs] = [side('canary', canary), side('stable', all - canary)];
    const length = longestRun(random, canary, mine);
    runs.push({ region: region.name, length, stableOk: all - canary - theirs, stableBad: theirs });
  }
  // Each caller calls both replicas.
  const callers = Math.round(climbs.callsPerLook / replicas.length);
  const drawn = binomial(random, callers, share);
  counts[`k/canary/${share}`] = replicas.length * drawn;
  counts[`k/stable/${share}`] = replicas.length * (callers - drawn);
  return { counts, runs };
}

/** Counts one side of a region; gives the errors. */
function drawSide(
  { random, climbs }: World,
  counts: Record<string, number>,
  drawn: { region: (typeof regions)[number]; side: Side; calls: number; factor: number; share: number },
): number {
  const { region, side, calls, factor, share } = drawn;
  const worse = (side === sides[0] ? climbs.worse : undefined) ?? {};
  const errors = binomial(random, calls, Math.min(0.9, climbs.base * region.errors * factor));
  const faults = binomial(random, calls - errors, callerFaultRate * factor);
  const answered = calls - errors - faults;
  counts[`n/${side}/${region.name}`] = calls;
  counts[`e/${side}/${region.name}`] = errors;
  counts[`f/${side}/${region.name}`] = faults;
  spread(random, answered, latencyShares, (bin, count) => {
    const ms = (region.latencyMs[bin] ?? 0) * Math.sqrt(factor) * (worse.latency ?? 1);
    add(counts, `l/${side}/${region.name}/${binOf(latencyEdges, ms)}`, count);
  });
  // What is predicted moves too: the sizes of one look are not those of the next.
  const shift = Math.round(8 * Math.log2(factor));
  spread(random, answered, latencyShares, (bin, count) => add(counts, `p/${side}/+${4 * bin + shift}`, count));
  const costs = exponentials(random, answered, region.usd * factor * (worse.cost ?? 1));
  const losses = exponentials(random, Math.round(answered / truthEvery), factor * (worse.loss ?? 1));
  for (const [kind, sums] of [['$', costs] as const, ['q', losses] as const])
    for (const [name, sum] of Object.entries(sums)) add(counts, `${kind}/${side}/${name}/${region.name}/${share}`, sum);
  return errors;
}

function add(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by;
}

/** So many exponential values with this mean: their number, sum and sum of squares. */
function exponentials(random: Random, n: number, mean: number): { n: number; s: number; ss: number } {
  let [s, ss] = [0, 0];
  for (let left = n; left > 0; left -= 1) {
    const value = -mean * Math.log(1 - random());
    s += value;
    ss += value * value;
  }
  return { n, s, ss };
}
