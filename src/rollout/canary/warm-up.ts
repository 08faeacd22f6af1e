import type { Clock } from '../../core/clock.ts';
import type { Target } from '../../core/target.ts';
import type { Plan } from './plan.ts';

/** Where there are few calls, a target is taken for warm after so many times the time: else it might never be. */
const patience = 10;

/**
 * Tells of each call whether its target warms up: among its first calls, or not long after the first of them, whichever
 * ends later. As this process saw it.
 */
export function warmUp(
  clock: Clock,
  { warmUpCalls, warmUpMs = 0 }: Pick<Plan, 'warmUpCalls' | 'warmUpMs'>,
): (target: Target) => boolean {
  const seen = new Map<string, { calls: number; readonly firstAt: number }>();
  return ({ id }) => {
    if (warmUpCalls === 0) return false;
    const known = seen.get(id) ?? { calls: 0, firstAt: clock.now() };
    seen.set(id, known);
    known.calls += 1;
    const ageMs = clock.now() - known.firstAt;
    const few = known.calls <= warmUpCalls;
    if (warmUpMs === 0) return few;
    return ageMs < warmUpMs || (few && ageMs < patience * warmUpMs);
  };
}
