import type { FallbackStep, Model, Version } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt, Served } from '../core/result.ts';
import type { Split } from '../core/split.ts';
import type { CachedAnswers } from '../fallback/cache.ts';
import { CallFailed, failure, givenUp } from './call-failed.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { tryLeastIll } from './fail-open.ts';
import { nothingEligible } from './ineligible.ts';
import { serveSession } from './serve-session.ts';
import { answered, fromCache, upstreamMs } from './served.ts';
import { newSession } from './session.ts';
import { type Exit, type TargetPorts, tryTargets } from './try-targets.ts';
import { tellVersionCalled } from './version-called.ts';

/** A call that its targets did not answer, as the fallback chain sees it. Depth is 1 within a fallback model. */
export interface FailedCall {
  readonly model: Model;
  readonly versions: readonly Version[];
  readonly request: InferenceRequest;
  readonly deadline: Deadline;
  readonly depth: number;
}

/** What serving needs of the rest; each is given in the composition root. */
export interface ServePorts extends TargetPorts {
  /** The versions this request can reach, and its side of a running canary. */
  split(model: Model, request: InferenceRequest): Split;
  readonly cached: Pick<CachedAnswers, 'bypasses' | 'find' | 'keep'>;
  /** Goes down the model's fallback chain, only the kinds asked for; undefined when nothing stands in. */
  fallBack(call: FailedCall, kinds: readonly FallbackStep['kind'][]): Promise<Served | undefined>;
  /**
   * Joins the identical call in flight, or starts it: a shared call has the model's deadline, each caller its own, and
   * gets the trail so far when that ends first.
   */
  coalesce(
    model: Model,
    version: Version,
    request: InferenceRequest,
    deadline: Deadline,
    start: (signal: AbortSignal, deadline: Deadline, trail: Attempt[]) => Promise<Exit>,
  ): Promise<{ exit: Exit; joined: boolean }>;
  /** Keeps track of work that no caller waits for. */
  background(work: () => Promise<unknown>): void;
}

/** Answers one request: the page to read first. Throws `CallFailed` (or `GatewayError`) when nothing can answer it. */
export async function serve(ports: ServePorts, model: Model, request: InferenceRequest, depth = 0): Promise<Served> {
  if (depth === 0) ports.budget.accepted();
  if (depth === 0 && request.clientAttempt > 1) ports.budget.chargeClientRetry();
  const deadline = startDeadline(model, request, ports.clock);

  const { sessionId } = request.fields;
  if (sessionId !== undefined && sessionId !== newSession) return serveSession(ports, model, request, deadline);

  const split = ports.split(model, request);
  const { versions } = split;
  const chosen = versions[0];
  if (chosen === undefined) throw nothingEligible(ports.router, model, request);

  const bypass = ports.cached.bypasses(model, request);
  const cached = bypass ? undefined : await ports.cached.find(model, chosen.name, request);
  if (cached?.freshness === 'fresh') return fromCache(ports, cached.entry, 'hit', 'none');
  if (cached?.freshness === 'revalidate') {
    unattended(ports, request, again => refresh(ports, model, split, again));
    return fromCache(ports, cached.entry, 'stale', 'none');
  }

  const { exit, joined } = await ports.coalesce(model, chosen, request, deadline, (...call) =>
    callAndKeep(ports, model, split, request, ...call),
  );
  const failed: FailedCall = { model, versions, request, deadline, depth };
  const cache = joined ? 'coalesced' : bypass ? 'bypass' : 'miss';
  switch (exit.by) {
    case 'answer': // by a model
      return answered(exit.last, exit.trail, cache);
    case 'caller': // their fault, or they left: as it is, no substitute
      if (exit.last?.result.answer !== undefined) return answered(exit.last, exit.trail, cache);
      throw new CallFailed(givenUp(exit.last), exit.trail);
    case 'health': {
      // nobody's turn: all ill, drained or full. A stale answer at once, else the least ill target, rate-limited
      const stale = await ports.fallBack(failed, ['stale']);
      if (stale !== undefined) {
        unattended(ports, request, async again => {
          const rescued = await tryLeastIll(ports, model, exit.ill, again, deadline);
          if (rescued?.result.outcome === 'ok') ports.cached.keep(model, again, rescued);
        });
        return stale;
      }
      const rescued = await tryLeastIll(ports, model, exit.ill, request, deadline);
      if (rescued?.result.outcome === 'ok') ports.cached.keep(model, request, rescued);
      if (rescued?.result.answer !== undefined) return answered(rescued, [rescued], bypass ? 'bypass' : 'miss');
      if (rescued?.result.outcome === 'cancelled') throw new CallFailed(givenUp(rescued), [rescued]);
      return fallBackOrFail(ports, failed, ['model', 'static'], exit, rescued === undefined ? [] : [rescued]);
    }
    case 'deadline': // ours: the targets took too long
    case 'budget': // ours: too many retries already
    case 'backends': // theirs: all were tried
      return fallBackOrFail(ports, failed, ['stale', 'model', 'static'], exit, exit.trail);
  }
}

/** The fallback chain in the model's order, else the honest error. */
async function fallBackOrFail(
  ports: ServePorts,
  failed: FailedCall,
  kinds: readonly FallbackStep['kind'][],
  exit: Exit,
  trail: readonly Attempt[],
): Promise<Served> {
  const served = await ports.fallBack(failed, kinds);
  if (served !== undefined) {
    return { ...served, attempts: [...trail, ...served.attempts], upstreamMs: upstreamMs(trail) + served.upstreamMs };
  }
  throw failure(ports.health, failed.model, exit, trail);
}

/** Tries the targets and keeps the answer, whoever still waits for it. */
async function callAndKeep(
  ports: ServePorts,
  model: Model,
  { versions, arm }: Split,
  request: InferenceRequest,
  signal: AbortSignal,
  deadline: Deadline,
  trail: Attempt[],
): Promise<Exit> {
  const exit = await tryTargets(ports, model, versions, request, deadline, signal, trail);
  if (exit.by === 'answer') ports.cached.keep(model, request, exit.last);
  const { name: version } = versions[0] as Version;
  if (exit.trail.length > 0) tellVersionCalled(ports, { model, version, request, ...(arm && { arm }) }, exit);
  return exit;
}

/** Replaces a stale answer; nobody waits for it. */
async function refresh(ports: ServePorts, model: Model, split: Split, request: InferenceRequest): Promise<void> {
  const deadline = startDeadline(model, request, ports.clock);
  await ports.coalesce(model, split.versions[0] as Version, request, deadline, (...call) =>
    callAndKeep(ports, model, split, request, ...call),
  );
}

/** Works on the same request as of now, with no caller who could leave, if there is memory to keep its body. */
function unattended(
  ports: ServePorts,
  request: InferenceRequest,
  work: (again: InferenceRequest) => Promise<void>,
): void {
  const bytes = request.body.length;
  if (!ports.memory.tryTake(bytes)) return;
  ports.background(async () => {
    try {
      const { signal } = new AbortController();
      await work({ ...request, streaming: false, arrivedAt: ports.clock.now(), signal });
    } finally {
      ports.memory.give(bytes);
    }
  });
}
