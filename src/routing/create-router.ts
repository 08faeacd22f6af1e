import type { Model, Version } from '../core/model.ts';
import { type Priority, priorityOf } from '../core/priority.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import type { Affinity } from './affinity.ts';
import { createReach, hardExclusion } from './candidates.ts';
import { type CallSizes, marginalUsd } from './cost.ts';
import type { Estimator } from './estimator.ts';
import { type Policies, policyFor } from './policies/registry.ts';
import { withFirst } from './ranking.ts';
import type { Candidate, Excluded, Exclusion, RoutedRequest, Router } from './router.ts';
import { shed } from './shed.ts';
import type { WarmShare } from './warm-share.ts';

/** What routing needs of health. */
export interface TargetStates {
  available(
    target: Target,
    priority?: Priority,
  ):
    | { readonly usable: true; readonly trial: boolean }
    | { readonly usable: false; readonly why: 'drained' | 'evacuated' | 'ejected' | 'throttled' | 'reserved' | 'full' };
  /** Share of ordinary traffic it should get now, 0 to 1. */
  share(target: Target): number;
  inFlight(target: Target): number;
}

/** What routing needs of the rest. */
export interface RouterPorts {
  readonly random: Random;
  readonly states: TargetStates;
  readonly estimator: Estimator;
  readonly sizes: CallSizes;
  readonly policies: Policies;
  readonly warmShare: WarmShare;
  readonly affinity: Affinity;
}

/** The candidates of one version for one request, not yet in order. */
export interface Survey {
  readonly ordinary: readonly Candidate[];
  /** Half-open ones: no policy ranks them. */
  readonly trials: readonly Candidate[];
  readonly excluded: readonly Excluded[];
}

const none: readonly never[] = [];

/** Eligible targets → ordered candidates. Takes the answers of estimators and health, and lets a policy choose. */
export function createRouter(ports: RouterPorts): Router {
  const { reachable } = createReach();
  return {
    route: (model, version, request) => {
      const { ordinary, trials, excluded } = survey(ports, model, version, request);
      const policy = ports.policies[policyFor(model, request)];
      const ordered = ordinary.length > 1 ? shed(policy.order(ordinary, model, request), ports.random) : ordinary;
      if (trials.length > 0) return { candidates: withTrials(ordered, trials, request), excluded, warm: false };
      const familiar = ports.affinity.place(model, ordered, request);
      if (familiar > 0) return { candidates: withFirst(ordered, familiar), excluded, warm: false };
      const place = ports.warmShare.take(model, ordered, request);
      return { candidates: withFirst(ordered, place), excluded, warm: place > 0 };
    },
    hasCandidates: (model, version, request) =>
      version.targets.some(
        target =>
          hardExclusion(model, target, request) === undefined &&
          ports.states.available(target, priorityOf(model, request)).usable,
      ),
    reachable,
    mayEverServe: (model, target, request) => hardExclusion(model, target, request) === undefined,
    estimate: target => ports.estimator.estimate(target),
  };
}

/** A target as policies see it, for a call whose answer will be about as large as `sized` says. */
export function candidateOf(
  { states, estimator }: Pick<RouterPorts, 'states' | 'estimator'>,
  { answerBytes, usage }: ReturnType<RouterPorts['sizes']['expected']>,
  request: RoutedRequest,
  target: Target,
  trial: boolean,
): Candidate {
  const call = { requestBytes: request.body.length, answerBytes, servingMs: estimator.billedMs(target), usage };
  return {
    target,
    estimate: estimator.estimate(target, request.fields.targetModel),
    inFlight: states.inFlight(target),
    share: states.share(target),
    costUsd: marginalUsd(target, call),
    trial,
  };
}

/** Looks at every target of the version once. */
export function survey(
  { states, estimator, sizes }: Pick<RouterPorts, 'states' | 'estimator' | 'sizes'>,
  model: Model,
  version: Version,
  request: RoutedRequest,
): Survey {
  const ordinary: Candidate[] = [];
  let trials: Candidate[] | undefined;
  let excluded: Excluded[] | undefined;
  const sized = sizes.expected(model, version.name);
  const priority = priorityOf(model, request);
  for (const target of version.targets) {
    let why: Exclusion | undefined = hardExclusion(model, target, request);
    let trial = false;
    if (why === undefined) {
      const availability = states.available(target, priority);
      if (availability.usable) trial = availability.trial;
      else why = availability.why;
    }
    if (why !== undefined) {
      excluded ??= [];
      excluded.push({ target, why });
      continue;
    }
    const candidate = candidateOf({ states, estimator }, sized, request, target, trial);
    if (!trial) ordinary.push(candidate);
    else if (trials === undefined) trials = [candidate];
    else trials.push(candidate);
  }
  return { ordinary, trials: trials ?? none, excluded: excluded ?? none };
}

/**
 * A half-open target is tried first, by a call that has another candidate to go on to: health calls a target half-open
 * only while no trial runs, and a failed one puts it out for longer, so one call at a time makes the try, and seldom.
 * A model that must not run twice takes part, or without a probe its targets would never return: a trial that fails with
 * nothing sent or no work done still goes on to the next, and only one caught half-way fails its caller. Calls that are
 * or open a session put half-open targets last: a session would be bound to them.
 */
function withTrials(
  ordered: readonly Candidate[],
  trials: readonly Candidate[],
  request: RoutedRequest,
): readonly Candidate[] {
  if (request.fields.sessionId !== undefined) return [...ordered, ...trials];
  const [first, ...others] = trials;
  return first === undefined ? ordered : [first, ...ordered, ...others];
}
