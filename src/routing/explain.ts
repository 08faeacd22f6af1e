import type { Clock } from '../core/clock.ts';
import type { BreakerState } from '../core/events.ts';
import type { Model, PolicyName, Version } from '../core/model.ts';
import { type Random, seededRandom } from '../core/random.ts';
import { kindTraits, type Target } from '../core/target.ts';
import { hardExclusion } from './candidates.ts';
import { candidateOf, type RouterPorts, survey, type TargetStates } from './create-router.ts';
import { exclusionWords, reasonsFor } from './explain-words.ts';
import type { ExplainedTarget, ExplainQuery, Explanation } from './explanation.ts';
import type { Incumbents } from './policies/balanced.ts';
import { createPolicies, policyFor } from './policies/registry.ts';
import type { Candidate, Exclusion, RoutedRequest, Router } from './router.ts';
import { shed } from './shed.ts';
import { expectedMs } from './warmth.ts';

/** State of a target as health describes it. */
export interface TargetDescriptions extends TargetStates {
  describe(target: Target): {
    readonly breaker: BreakerState;
    readonly ejectedForMs: number;
    readonly slots: number;
    readonly detail: string | undefined;
  };
}

/** Orders drawn to see how often each target comes first; policies that use chance give shares, the others 0 or 1. */
const draws = 400;
const millionCalls = 1_000_000;

/** What explaining asks; the same parts that routing uses. */
export interface ExplainPorts extends Omit<RouterPorts, 'policies' | 'random' | 'affinity'> {
  readonly clock: Clock;
  readonly states: TargetDescriptions;
  readonly incumbents: Incumbents;
}

/**
 * Explains with the router's own survey, policies and shedding, on a copy of their memory and with dice of its own, so
 * that asking changes nothing.
 */
export function createExplain(
  ports: ExplainPorts,
  router: Pick<Router, 'reachable'>,
): (model: Model, query?: ExplainQuery) => Explanation {
  return (model, query = {}) => {
    const request = requestOf(model, query, usualRequestBytes(ports, model));
    const policyName = policyFor(model, request);
    const random = seededRandom(1);
    const policies = createPolicies({ clock: ports.clock, random, incumbents: new Map(ports.incumbents) });
    const policy = policies[policyName];
    const order = (candidates: readonly Candidate[]) => policy.order(candidates, model, request);
    const asked: Asked = { ports, model, request, policyName, random, order };
    const reachable = router.reachable(model, request);
    const total = reachable.reduce((sum, version) => sum + version.weight, 0);
    return {
      model: model.name,
      policy: policyName,
      rule: policy.rule,
      sloMs: model.slo.latencyMs,
      deadlineMs: model.deadlineMs,
      warmShare: model.warmShare,
      versions: model.versions.map(version => ({
        version: version.name,
        weight: version.weight,
        share: reachable.includes(version) && total > 0 ? version.weight / total : 0,
        targets: explainTargets(asked, version),
      })),
    };
  };
}

/** One question, and what answers it. */
interface Asked {
  readonly ports: ExplainPorts;
  readonly model: Model;
  readonly request: RoutedRequest;
  readonly policyName: PolicyName;
  readonly random: Random;
  order(candidates: readonly Candidate[]): readonly Candidate[];
}

/** Body size of a usual call, by the version with the most weight. */
function usualRequestBytes({ sizes }: ExplainPorts, model: Model): number {
  let heaviest = model.versions[0];
  for (const version of model.versions) if (version.weight > (heaviest?.weight ?? 0)) heaviest = version;
  return heaviest === undefined ? 0 : Math.round(sizes.expected(model, heaviest.name).requestBytes);
}

/** A model that only queues is asked about queued calls. */
function requestOf(model: Model, query: ExplainQuery, usualBytes: number): RoutedRequest {
  const { prefer, residency, region, targetModel, targetVariant, inferenceComponent, keyResidency } = query;
  return {
    body: { length: query.bodyBytes ?? usualBytes },
    operation: query.operation ?? 'invoke',
    streaming: query.streaming ?? false,
    ...((query.queued ?? onlyQueues(model)) && { queued: {} }),
    hints: {
      fallback: 'any',
      cache: { noCache: false, noStore: false },
      ...(prefer !== undefined && { prefer }),
      ...(residency !== undefined && { residency }),
      ...(region !== undefined && { region }),
    },
    fields: {
      ...(targetModel !== undefined && { targetModel }),
      ...(targetVariant !== undefined && { targetVariant }),
      ...(inferenceComponent !== undefined && { inferenceComponent }),
    },
    caller: { tenant: 'explain', ...(keyResidency !== undefined && { residency: keyResidency }) },
  };
}

function onlyQueues({ versions }: Model): boolean {
  return versions.every(({ targets }) => targets.every(({ kind }) => kindTraits[kind].queues));
}

function explainTargets(asked: Asked, version: Version): ExplainedTarget[] {
  const { ports, model, request } = asked;
  const { ordinary, trials, excluded } = survey(ports, model, version, request);
  const firsts = countFirsts(asked, ordinary);
  const ranked = asked
    .order(ordinary)
    .slice()
    .sort((a, b) => (firsts.get(b) ?? 0) - (firsts.get(a) ?? 0));
  const next = ports.warmShare.next(model, ranked, request);
  const rows = [...ranked, ...trials].map((candidate, index) => {
    const firstChoice = (firsts.get(candidate) ?? 0) / draws;
    const why = reasonsFor(asked, candidate, firstChoice);
    if (candidate === next) why.push('next in turn for the warm share');
    return row(ports, candidate, { place: index + 1, firstChoice, excluded: null, why });
  });
  return [...rows, ...excluded.map(({ target, why }) => excludedRow(asked, version, target, why))];
}

function excludedRow(asked: Asked, version: Version, target: Target, excluded: Exclusion): ExplainedTarget {
  const { ports, model, request } = asked;
  const { detail } = ports.states.describe(target);
  const byHealth = hardExclusion(model, target, request) === undefined;
  const why = byHealth && detail !== undefined ? [exclusionWords[excluded], detail] : [exclusionWords[excluded]];
  const candidate = candidateOf(ports, ports.sizes.expected(model, version.name), request, target, false);
  return row(ports, candidate, { place: null, firstChoice: 0, excluded, why });
}

function countFirsts({ order, random }: Asked, candidates: readonly Candidate[]): ReadonlyMap<Candidate, number> {
  const firsts = new Map<Candidate, number>();
  for (let draw = 0; draw < draws; draw += 1) {
    const first = shed(order(candidates), random)[0];
    if (first !== undefined) firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  return firsts;
}

function row(
  { states }: ExplainPorts,
  { target, estimate, inFlight, share, costUsd }: Candidate,
  placed: Pick<ExplainedTarget, 'place' | 'firstChoice' | 'excluded' | 'why'>,
): ExplainedTarget {
  const { breaker, ejectedForMs, slots } = states.describe(target);
  return {
    target: target.name,
    region: target.region,
    residency: target.residency,
    kind: target.kind,
    ...placed,
    breaker,
    ejectedForMs,
    inFlight,
    slots,
    share,
    expectedMs: expectedMs(estimate),
    p95Ms: estimate.p95Ms,
    samples: estimate.samples,
    failureShare: estimate.failureShare,
    warmth: estimate.warmth,
    setupMs: estimate.setupMs,
    usdPerMillion: costUsd === undefined ? null : costUsd * millionCalls,
    maxRequestBytes: target.maxRequestBytes,
  };
}
