import { type Random, seededRandom } from '../../core/random.ts';
import { binOf } from '../../statistics/fixed-histogram.ts';
import type { CanaryOptions } from '../options.ts';
import { type Both, latencyEdges, noMirrored, type ReadCounts, type RegionCounts } from './counts.ts';
import { totalsOf } from './evidence.ts';
import type { Run } from './look.ts';
import { planOf } from './plan.ts';
import type { CanaryRecord } from './record.ts';
import { binomial, longestRun, spread } from './simulated-draws.ts';
import { newRecord, versionIn } from './simulated-record.ts';
import { type Decision, decide, reportsOf, withLook } from './verdict.ts';

/** One kind of canary, tried many times against the verdict that the gateway runs. */
export interface Trials {
  readonly options: CanaryOptions;
  /** Error rates, 0 to 1. */
  readonly stable: number;
  readonly canary: number;
  /** How much slower the canary answers, as a factor. */
  readonly slower?: number;
  /** Canary requests of a run at most; stable has four times as many. */
  readonly requests: number;
  readonly runs: number;
  readonly seed: number;
}

/** What became of them. */
export interface Outcome {
  /** Runs that were rolled back or held by a guard. */
  readonly ended: number;
  readonly rolledBack: number;
  /** Canary requests until the end, of those that ended, ascending. */
  readonly requests: readonly number[];
  /** How often each guard ended a run. */
  readonly by: Readonly<Record<string, number>>;
}

/** Canary requests between two looks, and how many stable ones go with each. */
const perLook = 100;
const stableTimes = 4;
const share = 1 / (1 + stableTimes);
/** Two regions, the second with a third of the calls and slower. */
const regions = [
  { name: 'us-east-1', part: 2 / 3, latencyMs: [20, 24, 28, 33, 40, 55, 80, 140] },
  { name: 'eu-west-1', part: 1 / 3, latencyMs: [90, 95, 101, 110, 125, 150, 190, 300] },
];
const latencyShares = [0.2, 0.2, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02];
const predictionShares = [0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.05];
const callerFaultRate = 0.01;

/** Runs canaries with known truth through the gateway's own verdict, all guards on. */
export function simulate(trials: Trials): Outcome {
  const random = seededRandom(trials.seed);
  const plan = planOf(trials.options, versionIn(regions.map(({ name }) => name)), {
    ...{ steps: [100 * share], minSample: 1_000_000, bakeMs: 0, warmUpCalls: 0 },
  });
  const requests: number[] = [];
  const by: Record<string, number> = {};
  let rolledBack = 0;
  for (let run = 0; run < trials.runs; run += 1) {
    const { decision, record } = runOnce(random, trials, plan);
    if (decision === undefined) continue;
    requests.push(totalsOf(record.evidence).canary.calls);
    const guard = decision.reason.split(':')[0] ?? '';
    by[guard] = (by[guard] ?? 0) + 1;
    if (decision.move === 'condemn') rolledBack += 1;
  }
  return { ended: requests.length, rolledBack, requests: requests.sort((a, b) => a - b), by };
}

function runOnce(
  random: Random,
  trials: Trials,
  plan: CanaryRecord['plan'],
): { decision: Decision | undefined; record: CanaryRecord } {
  let record = newRecord(plan);
  for (let asked = 0, atMs = 0; asked < trials.requests; asked += perLook) {
    atMs += plan.lookEveryMs;
    const { counts, runs } = lookOf(random, trials);
    record = withLook(record, { atMs, counts, runs, ill: new Map(), callersOf: [] });
    const decision = decide(record, reportsOf(record), 0);
    if (decision?.move === 'condemn' || decision?.move === 'hold') return { decision, record };
    const state = decision?.move === 'freeze' ? 'frozen' : decision?.move === 'thaw' ? 'stepping' : record.state;
    record = { ...record, state };
  }
  return { decision: undefined, record };
}

/** The calls of one look, drawn anew. */
function lookOf(random: Random, trials: Trials): { counts: ReadCounts; runs: Run[] } {
  const seen = new Map<string, Both<RegionCounts>>();
  const predictions: Both<Record<string, number>> = { canary: {}, stable: {} };
  const runs: Run[] = [];
  for (const region of regions) {
    const canary = drawSide(random, trials, region, 'canary', predictions.canary);
    const stable = drawSide(random, trials, region, 'stable', predictions.stable);
    seen.set(region.name, { canary, stable });
    const length = longestRun(random, canary.calls, canary.errors);
    runs.push({ region: region.name, length, stableOk: stable.calls - stable.errors, stableBad: stable.errors });
  }
  const drawn = perLook * (1 + stableTimes);
  const canary = binomial(random, drawn, share);
  const counts = { regions: seen, predictions, cost: new Map(), loss: new Map(), mirrored: noMirrored };
  return {
    counts: {
      ...counts,
      drawn: new Map([[share, { once: { canary, stable: drawn - canary }, returning: { canary: 0, stable: 0 } }]]),
    },
    runs,
  };
}

function drawSide(
  random: Random,
  trials: Trials,
  { part, latencyMs }: (typeof regions)[number],
  side: keyof Both<unknown>,
  predictions: Record<string, number>,
): RegionCounts {
  const calls = Math.round(perLook * part * (side === 'stable' ? stableTimes : 1));
  const errors = binomial(random, calls, trials[side]);
  const callerFaults = binomial(random, calls - errors, callerFaultRate);
  const latency = new Array<number>(latencyEdges.length + 1).fill(0);
  const slower = side === 'canary' ? (trials.slower ?? 1) : 1;
  const answered = calls - errors - callerFaults;
  spread(random, answered, latencyShares, (bin, count) => {
    latency[binOf(latencyEdges, (latencyMs[bin] ?? 0) * slower)] = count;
  });
  spread(random, answered, predictionShares, (bin, count) => {
    predictions[`+${-bin * 4}`] = (predictions[`+${-bin * 4}`] ?? 0) + count;
  });
  return { calls, errors, callerFaults, misconfigured: 0, again: 0, refusedAgain: 0, latency, callers: {} };
}
