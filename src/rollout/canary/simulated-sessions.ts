import { type Random, seededRandom } from '../../core/random.ts';
import { binOf } from '../../statistics/fixed-histogram.ts';
import type { CanaryOptions } from '../options.ts';
import { latencyEdges, type Side } from './counts.ts';
import { failureRuns } from './failure-runs.ts';
import { predictionSize } from './guards/predictions.ts';
import type { Run } from './look.ts';
import { planOf } from './plan.ts';
import { readCounts } from './read-counts.ts';
import type { CanaryRecord } from './record.ts';
import { binomial } from './simulated-draws.ts';
import { newRecord, versionIn } from './simulated-record.ts';
import { slowAnswers } from './slow-answers.ts';
import { type Decision, decide, reportsOf, withLook } from './verdict.ts';

/** Canaries whose callers make many calls each, and stick to a side: what they do goes well or badly together. */
export interface SessionTrials {
  readonly options: CanaryOptions;
  /** Share of sessions all of whose calls fail, by side; and the rate at which any other call does. */
  readonly broken: Readonly<Record<Side, number>>;
  readonly errors: Readonly<Record<Side, number>>;
  /** Whether calls of a session take equally long, cost the same, are answered the same and as wrongly. */
  readonly alike: boolean;
  /** Looks of 500 calls of both sides, a fifth of them the canary's. */
  readonly looks: number;
  readonly runs: number;
  readonly seed: number;
}

/** What became of them. */
export interface SessionOutcome {
  readonly ended: number;
  readonly rolledBack: number;
  /** Looks until the end, of those that ended, ascending. */
  readonly looks: readonly number[];
  readonly by: Readonly<Record<string, number>>;
}

const share = 0.2;
const sessionsPerLook = 17;
const sessionLooks = 3;
const callsPerLook = 10;
const region = 'eu-west-1';
const latenciesMs = [20, 24, 28, 33, 40, 55, 80, 140];

interface Session {
  readonly id: string;
  readonly side: Side;
  readonly group: number;
  readonly broken: boolean;
  readonly since: number;
  readonly own: Values;
}

/** What the process that counts them remembers. */
interface Seen {
  readonly runs: ReturnType<typeof failureRuns>;
  readonly slow: ReturnType<typeof slowAnswers>;
}

/** What one call, or all of a session's, came to. */
interface Values {
  readonly bin: number;
  readonly usd: number;
  readonly loss: number;
  readonly prediction: string;
}

/** Runs them through the gateway's own verdict, all guards on. */
export function simulateSessions(trials: SessionTrials): SessionOutcome {
  const random = seededRandom(trials.seed);
  const plan = planOf(trials.options, versionIn([region]), {
    ...{ steps: [100 * share], minSample: 1_000_000, bakeMs: 0, warmUpCalls: 0 },
  });
  const looks: number[] = [];
  const by: Record<string, number> = {};
  let rolledBack = 0;
  for (let run = 0; run < trials.runs; run += 1) {
    const { decision, record } = runOnce(random, trials, plan);
    if (decision === undefined) continue;
    looks.push(record.looks);
    const guard = decision.reason.split(':')[0] ?? '';
    by[guard] = (by[guard] ?? 0) + 1;
    if (decision.move === 'condemn') rolledBack += 1;
  }
  return { ended: looks.length, rolledBack, looks: looks.sort((a, b) => a - b), by };
}

function runOnce(
  random: Random,
  trials: SessionTrials,
  plan: CanaryRecord['plan'],
): { decision: Decision | undefined; record: CanaryRecord } {
  let record = newRecord(plan);
  let sessions: Session[] = [];
  const seen: Seen = { runs: failureRuns(), slow: slowAnswers() };
  for (let look = 1; look <= trials.looks; look += 1) {
    const fresh = Array.from({ length: sessionsPerLook }, (_, index) => newSession(random, trials, `${look}-${index}`));
    sessions = [
      ...sessions.filter(({ since }) => since > look - sessionLooks),
      ...fresh.map(each => ({ ...each, since: look })),
    ];
    const counts = lookOf(random, trials, sessions, seen);
    for (const { side } of fresh) counts[`k/${side}/${share}`] = (counts[`k/${side}/${share}`] ?? 0) + 1;
    const runs: readonly Run[] = seen.runs.all();
    const atMs = look * plan.lookEveryMs;
    record = withLook(record, { atMs, counts: readCounts(counts), runs, ill: new Map(), callersOf: ['one'] });
    const decision = decide(record, reportsOf(record), 0);
    if (decision?.move === 'condemn' || decision?.move === 'hold') return { decision, record };
    const state = decision?.move === 'freeze' ? 'frozen' : decision?.move === 'thaw' ? 'stepping' : record.state;
    record = { ...record, state };
  }
  return { decision: undefined, record };
}

function newSession(random: Random, { broken }: SessionTrials, id: string): Session {
  const side = random() < share ? 'canary' : 'stable';
  const group = Math.floor(32 * random());
  return { id, side, group, broken: random() < broken[side], since: 0, own: draw(random) };
}

function draw(random: Random): Values {
  const latencyMs = latenciesMs[Math.floor(latenciesMs.length * random() ** 2)] ?? 0;
  return {
    bin: binOf(latencyEdges, latencyMs),
    usd: -0.002 * Math.log(1 - random()),
    loss: -Math.log(1 - random()),
    prediction: `+${Math.floor(8 * random()) * 4}`,
  };
}

/** The counters of one look's calls, in any order of the sessions. */
function lookOf(
  random: Random,
  trials: SessionTrials,
  sessions: readonly Session[],
  seen: Seen,
): Record<string, number> {
  const counts: Record<string, number> = {};
  const outcomes: { readonly session: Session; readonly failed: boolean; readonly at: number }[] = [];
  for (const session of sessions) {
    const { side, broken, own } = session;
    const errors = broken ? callsPerLook : binomial(random, callsPerLook, trials.errors[side]);
    for (let call = 0; call < callsPerLook; call += 1) outcomes.push({ session, failed: call < errors, at: random() });
    add(counts, `n/${side}/${region}`, callsPerLook);
    add(counts, `e/${side}/${region}`, errors);
    like(counts, 'e', session, { value: 1, times: errors });
    like(counts, 'e', session, { value: 0, times: callsPerLook - errors });
    if (trials.alike) answered(counts, seen, session, { ...own, times: callsPerLook - errors });
    else
      for (let call = errors; call < callsPerLook; call += 1)
        answered(counts, seen, session, { ...draw(random), times: 1 });
  }
  for (const { session, failed } of outcomes.sort((a, b) => a.at - b.at))
    seen.runs.note({ side: session.side, region, caller: { key: session.id } }, failed);
  return counts;
}

function answered(
  counts: Record<string, number>,
  { slow }: Seen,
  session: Session,
  { bin, usd, loss, prediction, times }: Values & { readonly times: number },
): void {
  const { side } = session;
  add(counts, `l/${side}/${region}/${bin}`, times);
  for (let call = 0; side === 'stable' && call < times; call += 1) slow.note(region, bin);
  const isSlow = slow.isSlow(region, bin);
  if (isSlow !== undefined) {
    like(counts, 'l', session, { value: isSlow.p50 ? 1 : 0, times });
    like(counts, 't', session, { value: isSlow.p95 ? 1 : 0, times });
  }
  add(counts, `p/${side}/${prediction}`, times);
  like(counts, 'p', session, { value: predictionSize(prediction), times });
  for (const [kind, value] of [['$', usd] as const, ['q', loss] as const]) {
    const where = `${region}/${share}`;
    add(counts, `${kind}/${side}/n/${where}`, times);
    add(counts, `${kind}/${side}/s/${where}`, times * value);
    add(counts, `${kind}/${side}/ss/${where}`, times * value * value);
    like(counts, kind, session, { value, times });
  }
}

function like(
  counts: Record<string, number>,
  what: string,
  { side, group }: Session,
  { value, times }: { readonly value: number; readonly times: number },
): void {
  if (times === 0) return;
  const where = `${region}/${group}`;
  add(counts, `c/${side}/${what}/n/${where}`, times);
  if (value !== 0) add(counts, `c/${side}/${what}/s/${where}`, times * value);
  if (value !== 0 && value !== 1) add(counts, `c/${side}/${what}/x/${where}`, times * (value * value - value));
}

function add(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by;
}
