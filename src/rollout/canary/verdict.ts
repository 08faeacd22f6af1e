import { noMirrored } from './counts.ts';
import { leaveOutIll } from './degraded.ts';
import { addTotals, type Evidence, totalsOf } from './evidence.ts';
import { gather } from './gather.ts';
import { errorRatioGuard, failuresInARowGuard } from './guards/hard.ts';
import { latencyGuard } from './guards/latency.ts';
import { costGuard, qualityGuard } from './guards/means.ts';
import { predictionsGuard } from './guards/predictions.ts';
import { callerFaultsGuard, errorsGuard } from './guards/rates.ts';
import type { GuardReport } from './guards/report.ts';
import { sampleRatioGuard } from './guards/sample-ratio.ts';
import type { Look, Run } from './look.ts';
import { type CanaryRecord, shareOf } from './record.ts';
import { type CanaryMove, stateAfter } from './states.ts';

/** What every guard says of the evidence so far. */
export function reportsOf(record: CanaryRecord): GuardReport[] {
  const { evidence, plan } = record;
  return [
    failuresInARowGuard(record),
    errorRatioGuard(record),
    errorsGuard(record),
    callerFaultsGuard(evidence, plan),
    latencyGuard('latencyP50', evidence, plan),
    latencyGuard('latencyP95', evidence, plan),
    predictionsGuard(evidence, plan),
    costGuard(evidence, plan),
    qualityGuard(evidence, plan),
    sampleRatioGuard(evidence),
  ];
}

/** The record with what the look saw; its state is as before. Pure. */
export function withLook(record: CanaryRecord, look: Look): CanaryRecord {
  const counted = leaveOutIll(record, look);
  const evidence: Evidence = {
    ...gather(record.evidence, counted, look, record.plan),
    run: longestRun(record, look, counted.degraded),
  };
  let { stepCalls, stepStable } = record;
  for (const { canary, stable } of counted.regions.values()) {
    stepCalls = addTotals(stepCalls, totals(canary));
    stepStable = addTotals(stepStable, totals(stable));
  }
  return {
    ...record,
    evidence,
    stepCalls,
    stepStable,
    degraded: counted.degraded,
    looks: record.looks + 1,
    lookedAtMs: look.atMs,
  };
}

function totals({ calls, errors, callerFaults, misconfigured }: Evidence['regions'][string]['canary']) {
  return { calls, errors, callerFaults, misconfigured };
}

/** So many calls of stable's show that the region serves. */
const leastStable = 3;
const mostStableBad = 0.2;

/**
 * The longest run of failures that can be held against the canary: stable answers in the same region meanwhile. Where
 * no stable calls are left, runs in one of several regions are the region's.
 */
function longestRun(record: CanaryRecord, { runs }: Look, degraded: CanaryRecord['degraded']): Evidence['run'] {
  const regions = record.plan.waves[record.wave]?.length ?? 1;
  const well = runs.filter(run => degraded[run.region] === undefined);
  const against = well.filter(({ stableOk, stableBad }) => {
    return stableOk >= leastStable && stableBad <= mostStableBad * (stableOk + stableBad);
  });
  const alone = shareOf(record) === 1 ? well.filter(run => run.stableOk + run.stableBad === 0) : [];
  const byLength = (a: Run, b: Run) => b.length - a.length;
  const inSeveral = alone.toSorted(byLength)[Math.min(2, regions) - 1];
  const longest = [...against, ...(inSeveral === undefined ? [] : [inSeveral])].toSorted(byLength)[0];
  return longest === undefined ? { length: 0, region: '' } : { length: longest.length, region: longest.region };
}

/** What a look leads to. */
export interface Decision {
  readonly move: CanaryMove;
  readonly reason: string;
}

/** The move that is due; undefined while the evidence is inconclusive and there is still time. Pure. */
export function decide(record: CanaryRecord, reports: readonly GuardReport[], atMs: number): Decision | undefined {
  const { state, plan } = record;
  const condemned = reports.filter(({ verdict }) => verdict === 'condemns');
  const fatal = condemned.find(({ action }) => action === 'rollback');
  if (fatal !== undefined) return { move: 'condemn', reason: wordsOf(fatal) };
  const doubtful = condemned.find(({ action, guard }) => action === 'verify' && !record.waived.includes(guard));
  if (doubtful !== undefined && stateAfter(state, 'verify') !== undefined)
    return { move: 'verify', reason: `no stable call is beside it to compare with: ${wordsOf(doubtful)}` };
  if (state === 'held' || state === 'paused') return undefined;
  const halting = condemned.find(({ guard }) => !record.waived.includes(guard));
  if (halting !== undefined) return { move: 'hold', reason: wordsOf(halting) };
  if (state === 'shadowing') return decideShadow(record, atMs);
  const ill = Object.keys(record.degraded);
  if (state === 'stepping' && ill.length > 0)
    return { move: 'freeze', reason: `${ill.join(', ')}: ill, and not by the canary` };
  if (state === 'frozen' && ill.length === 0) return { move: 'thaw', reason: 'every region is well again' };
  if (state !== 'stepping') return undefined;
  const waits = waitsFor(record, reports, atMs);
  if (waits.length === 0) return nextMove(record);
  if (atMs - record.stepSinceMs < plan.holdAfterMs) return undefined;
  return { move: 'hold', reason: `inconclusive for too long: ${waits.join('; ')}` };
}

function nextMove({ plan, wave, step }: CanaryRecord): Decision {
  if (step + 1 < plan.steps.length || wave + 1 < plan.waves.length)
    return { move: 'step', reason: 'every guard of the step before is fine' };
  return { move: plan.approval === 'second-person' ? 'ask' : 'promote', reason: 'every step is passed' };
}

function decideShadow(record: CanaryRecord, atMs: number): Decision | undefined {
  const { plan, stateSinceMs, evidence } = record;
  const { shadowFirst } = plan;
  if (shadowFirst === undefined) return { move: 'unveil', reason: 'no shadow stage is asked for' };
  const { made, agreed, failed } = evidence.mirrored ?? noMirrored;
  if (made >= shadowFirst.minSample) {
    if (failed / made > shadowFirst.maxFailures)
      return { move: 'hold', reason: `${percentOf(failed, made)} of ${made} mirrored calls failed` };
    if (agreed / made < (shadowFirst.minAgreement ?? 0))
      return { move: 'hold', reason: `${percentOf(agreed, made)} of ${made} mirrored answers agree` };
  }
  const waits = shadowWaits(record, atMs);
  if (waits.length === 0) return { move: 'unveil', reason: `${made} mirrored calls were compared` };
  if (atMs - stateSinceMs < plan.holdAfterMs || made >= shadowFirst.minSample) return undefined;
  return { move: 'hold', reason: `${made} of ${shadowFirst.minSample} mirrored calls were compared in time` };
}

/** What the shadow stage still waits for, in words. */
function shadowWaits({ plan, evidence, stateSinceMs }: CanaryRecord, atMs: number): string[] {
  const { minSample = 0, bakeMs = 0 } = plan.shadowFirst ?? {};
  const { made, agreed, failed } = evidence.mirrored ?? noMirrored;
  const left = bakeMs - (atMs - stateSinceMs);
  const went = made === 0 ? '' : `: ${percentOf(agreed, made)} agree, ${percentOf(failed, made)} failed`;
  return [
    ...(made < minSample ? [`${made} of ${minSample} mirrored calls${went}`] : []),
    ...(left > 0 ? [`${Math.ceil(left / 1000)} s of shadowing`] : []),
  ];
}

function percentOf(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

/** What a step still waits for, in words; empty when it is passed. Missing data is waited for, never passed over. */
export function waitsFor(record: CanaryRecord, reports: readonly GuardReport[], atMs: number): string[] {
  const step = record.plan.steps[record.step];
  if (step === undefined) return shadowWaits(record, atMs);
  const bakedMs = atMs - record.stepSinceMs;
  const sample = record.stepCalls.calls;
  return [
    ...(sample < step.minSample ? [`${sample} of ${step.minSample} calls of the canary${warmsUp(record)}`] : []),
    ...waveWaits(record, step.minSample),
    ...(bakedMs < step.bakeMs ? [`${Math.ceil((step.bakeMs - bakedMs) / 1000)} s of baking`] : []),
    ...reports.flatMap(({ guard, verdict, detail }) => (verdict === 'unclear' ? [`${guard}: ${detail}`] : [])),
  ];
}

/** Why a canary that gets calls may have none that count, in words: as long as none was compared at all. */
function warmsUp({ plan: { warmUpCalls, warmUpMs = 0 }, evidence }: CanaryRecord): string {
  if (warmUpCalls === 0 || totalsOf(evidence).canary.calls > 0) return '';
  const first = warmUpMs === 0 ? '' : ` and first ${Math.ceil(warmUpMs / 1000)} s`;
  return ` (each target’s first ${warmUpCalls}${first} warm it up)`;
}

/** So many calls in the regions a wave adds are the least that it can have baked there. */
const leastInWave = 20;

/** A wave whose regions had no calls has shown nothing, however many there were in the regions of the waves before. */
function waveWaits({ plan, wave, evidence }: CanaryRecord, minSample: number): string[] {
  const before = new Set(plan.waves[wave - 1]);
  const added = (plan.waves[wave] ?? []).filter(region => !before.has(region));
  const calls = added.reduce((sum, region) => sum + (evidence.regions[region]?.canary.calls ?? 0), 0);
  const least = Math.min(leastInWave, minSample);
  return wave > 0 && calls < least ? [`${calls} of ${least} calls in ${added.join(', ')}`] : [];
}

/** Why a guard condemns, with its numbers. */
export function wordsOf({ guard, canary, stable, unit, statistic, threshold, detail }: GuardReport): string {
  const value = (side: number | null) => (side === null ? '–' : Number(side.toPrecision(3)));
  const sides =
    unit === 'calls' || unit === 'distance' ? '' : `canary ${value(canary)}, stable ${value(stable)} (${unit}); `;
  return `${guard}: ${sides}statistic ${Number(statistic.toPrecision(3))} reached ${Number(threshold.toPrecision(3))}; ${detail}`;
}
