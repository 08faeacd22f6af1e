import type { Model, PolicyName } from '../core/model.ts';
import { meetsSlo } from './policies/cheapest-within-slo.ts';
import type { Candidate, Exclusion } from './router.ts';

/** What sets a candidate apart, in words. */
export function reasonsFor(
  { model, policyName }: { readonly model: Model; readonly policyName: PolicyName },
  candidate: Candidate,
  firstChoice: number,
): string[] {
  const { estimate, share, costUsd, trial, target } = candidate;
  if (trial) return ['half-open: tried by one call that has another candidate behind it'];
  const why = [firstChoice > 0 ? `first for ${percent(firstChoice)} of the calls` : 'stands by'];
  if (estimate.samples === 0) why.push('unmeasured, assumed slow');
  else if (!meetsSlo(candidate, model)) why.push('misses the latency objective');
  if (estimate.failureShare >= 0.01) why.push(`${percent(estimate.failureShare)} failed lately`);
  if (estimate.warmth < 0.5) why.push('probably cold');
  if (share < 1) why.push(`restrained to ${percent(share)} (slow start or throttled)`);
  if (costUsd === undefined) why.push('price unknown');
  if (policyName === 'weighted') why.push(`weight ${target.weight}`);
  return why;
}

/** Why a target is left out, for operators. */
export const exclusionWords = {
  residency: 'outside the residency this call is bound to',
  'pinned-elsewhere': 'the call is pinned to another region',
  'region-excluded': 'the call excludes this region',
  'other-operation': 'this kind of target does not do what the call asks for',
  'only-queued': 'takes queued calls only',
  'no-queue': 'this kind of endpoint has no queue',
  'input-elsewhere': 'the input is not in this region',
  'no-streaming': 'this kind of endpoint does not stream',
  'body-too-large': 'the body is larger than this target takes',
  'needs-target-model': 'the call names no target model',
  'other-target-model': 'does not serve the target model named',
  'other-variant': 'is not the variant named',
  'other-component': 'is not the inference component named',
  drained: 'drained by an operator',
  evacuated: 'its region is evacuated',
  ejected: 'ejected: it failed',
  throttled: 'throttled: it asked for a pause',
  reserved: 'what is free is kept for more important calls',
  full: 'full: as many calls in flight as it may have',
} as const satisfies Record<Exclusion, string>;

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
