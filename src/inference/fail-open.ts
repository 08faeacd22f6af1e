import type { Model } from '../core/model.ts';
import { priorityOf } from '../core/priority.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { attempt } from './attempt.ts';
import { attemptTime, type Deadline } from './deadline.ts';
import type { TargetPorts } from './try-targets.ts';

/**
 * When every eligible target is ejected the health checks may be wrong all at once, so the least ill is tried, at most
 * one call per target and second, outside the breaker. Undefined when the rate allows none.
 */
export async function tryLeastIll(
  ports: TargetPorts,
  model: Model,
  ill: readonly Target[],
  request: InferenceRequest,
  deadline: Deadline,
): Promise<Attempt | undefined> {
  for (const target of ill) {
    if (!ports.health.mayFailOpen(target)) continue;
    const time = attemptTime(deadline, ports.router.estimate(target), false);
    const permit =
      time === undefined ? undefined : ports.health.acquire(target, 'fail-open', priorityOf(model, request));
    if (time === undefined || permit === undefined) continue;
    const plan = {
      target,
      permit,
      reason: 'fail-open' as const,
      ...time,
      signal: request.signal,
    };
    return attempt(ports, model, request, plan);
  }
  return undefined;
}
