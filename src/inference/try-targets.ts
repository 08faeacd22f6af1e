import type { Model, Version } from '../core/model.ts';
import { didNoWork, isFinal } from '../core/outcome.ts';
import { type Priority, priorityOf } from '../core/priority.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt, AttemptReason } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Health } from '../health/health.ts';
import type { Candidate, Exclusion, Route, Router } from '../routing/router.ts';
import { type AttemptPorts, attempt } from './attempt.ts';
import { attemptTime, type Deadline } from './deadline.ts';
import { hedged } from './hedging.ts';
import type { RetryBudget } from './retry-budget.ts';
import { elsewhereFirst } from './silent-regions.ts';

/** What trying targets needs of the rest. */
export interface TargetPorts extends AttemptPorts {
  readonly router: Router;
  readonly health: Health;
  readonly budget: RetryBudget;
}

/** How trying the targets ended, by whose fault. `last` is the attempt that decided it. */
export type Exit =
  | { readonly by: 'answer'; readonly last: Attempt; readonly trail: readonly Attempt[] }
  | { readonly by: 'caller'; readonly last: Attempt | undefined; readonly trail: readonly Attempt[] }
  | { readonly by: 'deadline' | 'budget' | 'backends'; readonly trail: readonly Attempt[] }
  /**
   * Nothing was tried: all ejected, drained, throttled or full. `ill` may be tried rate-limited, least ill first; one of
   * `away` will be back by itself.
   */
  | {
      readonly by: 'health';
      readonly ill: readonly Target[];
      readonly away: readonly Target[];
      /** Slots were free, and kept for more important calls. */
      readonly shed: boolean;
      readonly trail: readonly Attempt[];
    };

/** A queue would only make callers wait for these. */
const ill: ReadonlySet<Exclusion> = new Set(['ejected', 'evacuated', 'throttled'] as const);

/** These end without an operator. */
const passing: ReadonlySet<Exclusion> = new Set([...ill, 'full', 'reserved'] as const);

/** What one walk over the versions' candidates needs; `trail` grows as attempts finish. */
interface Walk {
  readonly ports: TargetPorts;
  readonly model: Model;
  readonly request: InferenceRequest;
  readonly priority: Priority;
  readonly deadline: Deadline;
  readonly signal: AbortSignal;
  readonly trail: Attempt[];
}

/**
 * Tries the candidates of each version in routed order until one answers or a limit says stop.
 * @param trail where finished attempts are put as they finish
 */
export async function tryTargets(
  ports: TargetPorts,
  model: Model,
  versions: readonly Version[],
  request: InferenceRequest,
  deadline: Deadline,
  signal: AbortSignal,
  trail: Attempt[] = [],
): Promise<Exit> {
  const priority = priorityOf(model, request);
  const walk: Walk = { ports, model, request, priority, deadline, signal, trail };
  let routes: Route[] = [];
  const routeOf = (index: number): Route => {
    const route = routes[index] ?? ports.router.route(model, versions[index] as Version, request);
    routes[index] = route;
    return route;
  };
  const laterHasOne = (from: number) =>
    versions.slice(from).some(version => ports.router.hasCandidates(model, version, request));
  const exit = await walkRoutes(walk, versions.length, routeOf, laterHasOne);
  if (exit !== undefined) return exit;
  if (walk.trail.length > 0) return { by: 'backends', trail: walk.trail };

  const all = versions.map((_, index) => routeOf(index));
  const full = targetsThat(all, why => why === 'full' || why === 'reserved');
  const worthWaiting =
    priority === 'critical' || all.every(route => route.excluded.every(entry => !ill.has(entry.why)));
  const waitMs = worthWaiting ? Math.min(model.queueMs, deadline.forAttemptsMs()) : 0;
  if (full.length > 0 && (await ports.health.waitForSlot(full, waitMs, signal, priority))) {
    routes = [];
    const second = await walkRoutes(walk, versions.length, routeOf, laterHasOne);
    if (second !== undefined) return second;
    if (walk.trail.length > 0) return { by: 'backends', trail: walk.trail };
  }
  const shed = targetsThat(all, why => why === 'reserved').length > 0;
  if (shed) ports.emit({ type: 'call-shed', model: model.name, priority, why: 'capacity' });
  const away = targetsThat(all, why => passing.has(why));
  return { by: 'health', ill: leastIllFirst(ports.health, all), away, shed, trail: walk.trail };
}

/** Those the routes leave out for such a reason. */
function targetsThat(routes: readonly Route[], reason: (why: Exclusion) => boolean): Target[] {
  return routes.flatMap(({ excluded }) => excluded.flatMap(({ why, target }) => (reason(why) ? [target] : [])));
}

/** Goes down the routes; undefined when every candidate was passed or failed. */
async function walkRoutes(
  walk: Walk,
  count: number,
  routeOf: (index: number) => Route,
  laterHasOne: (from: number) => boolean,
): Promise<Exit | undefined> {
  for (let index = 0; index < count; index += 1) {
    const route = routeOf(index);
    let left = elsewhereFirst(route.candidates, walk.trail);
    while (left.length > 0) {
      const [candidate, next] = left as readonly [Candidate, Candidate?];
      const anotherWaits = next !== undefined || laterHasOne(index + 1);
      const exit = await step(walk, route, candidate, next, anotherWaits);
      if (exit !== undefined) return exit;
      left = elsewhereFirst(left.slice(1), walk.trail);
    }
  }
  return undefined;
}

/** One candidate: undefined means go on to the next. Each return says whose doing it is. */
async function step(
  walk: Walk,
  route: Route,
  candidate: Candidate,
  next: Candidate | undefined,
  anotherWaits: boolean,
): Promise<Exit | undefined> {
  const { ports, model, request, deadline, signal, trail } = walk;
  if (signal.aborted) return { by: 'caller', last: trail.at(-1), trail };
  const time = attemptTime(deadline, candidate.estimate, anotherWaits);
  if (time === undefined) return { by: 'deadline', trail };
  if (candidate.trial && !anotherWaits) return undefined;
  if (trail.some(made => made.target === candidate.target)) return undefined; // a hedge went there already
  const permit = ports.health.acquire(candidate.target, candidate.trial ? 'trial' : 'call', walk.priority);
  if (permit === undefined) return undefined;
  if (trail.length > 0 && !takeRetry(walk)) {
    permit.release();
    return { by: 'budget', trail };
  }
  const plan = { target: candidate.target, permit, reason: reasonFor(trail, route, candidate), ...time, signal };
  const made =
    next !== undefined && mayHedge(walk, candidate, next)
      ? await hedged(ports, model, request, plan, candidate, next, deadline)
      : [await attempt(ports, model, request, plan)];
  trail.push(...made);
  const last = made.at(-1) as Attempt;
  const { outcome, sent } = last.result;
  if (outcome === 'ok') return { by: 'answer', last, trail };
  if (isFinal(outcome)) return { by: 'caller', last, trail };
  if (outcome === 'timeout' && plan.shortened) return { by: 'deadline', trail }; // the caller's own limit: no retry is due
  if (!model.idempotent && sent && !didNoWork(outcome)) return { by: 'backends', trail };
  return undefined;
}

/** A token for one more attempt; false, and told, when there is none. */
function takeRetry({ ports, model, priority }: Walk): boolean {
  if (ports.budget.takeRetry(priority)) return true;
  if (priority === 'sheddable') ports.emit({ type: 'call-shed', model: model.name, priority, why: 'retries' });
  ports.emit({ type: 'retry-refused', model: model.name, what: 'retry' });
  return false;
}

/** Whether a second target may be asked while the first still works on it. */
function mayHedge({ model, request }: Walk, first: Candidate, next: Candidate): boolean {
  const repeatable = model.hedging && model.idempotent && !request.streaming && request.queued === undefined;
  return repeatable && !first.trial && !next.trial;
}

function reasonFor(trail: readonly Attempt[], route: Route, candidate: Candidate): AttemptReason {
  if (trail.length > 0) return 'failover';
  return route.warm && route.candidates[0] === candidate ? 'warm' : 'first';
}

/** Targets that only health keeps away, the one nearest to its return first. Drained and full ones are not opened. */
function leastIllFirst(health: Health, routes: readonly Route[]): Target[] {
  const targets = new Set<Target>();
  for (const route of routes) {
    for (const candidate of route.candidates) if (candidate.trial) targets.add(candidate.target);
    for (const entry of route.excluded) {
      if (entry.why === 'ejected' || entry.why === 'evacuated') targets.add(entry.target);
    }
  }
  return [...targets].sort((a, b) => health.describe(a).ejectedForMs - health.describe(b).ejectedForMs);
}
