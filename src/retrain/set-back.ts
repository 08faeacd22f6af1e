import type { Episode } from './episode.ts';
import type { RetrainOptions } from './options.ts';

/** Clocks of replicas, and AWS's and ours, may differ by so much, ms. */
export const clockSlackMs = 300_000;
/** A lease is of a replica that works; see `act.ts`. */
const longestLeaseMs = 60_000;
/** Between two tries of an action. */
const longestPauseMs = 64_000;

/**
 * The episode with its times no further ahead than they can be; the same one where they are not. A clock that was ahead
 * for a while and is set back leaves times of the future: leases, pauses and what was told last would hold for as long as
 * it had been ahead. The story keeps the times it was told at.
 * @param nowMs wall clock
 */
export function notAhead(episode: Episode, nowMs: number, options: RetrainOptions): Episode {
  let found = false;
  const at = (ms: number, aheadMs = 0) => {
    if (ms <= nowMs + aheadMs + clockSlackMs) return ms;
    found = true;
    return nowMs + aheadMs;
  };
  const { openedAtMs, changedAtMs, closedAtMs, evidence, held, actions, execution, lease } = episode;
  const mended: Episode = {
    ...episode,
    openedAtMs: at(openedAtMs),
    changedAtMs: at(changedAtMs),
    ...(closedAtMs !== undefined && { closedAtMs: at(closedAtMs) }),
    evidence: evidence.map(each => ({ ...each, atMs: at(each.atMs) })),
    ...(held && { held: { ...held, untilMs: at(held.untilMs, options.settleMinutes * 60_000) } }),
    actions: actions.map(each => ({ ...each, dueAtMs: at(each.dueAtMs, longestPauseMs) })),
    ...(execution && { execution: { ...execution, dueAtMs: at(execution.dueAtMs, options.pollSeconds * 1_000) } }),
    ...(lease && { lease: { ...lease, untilMs: at(lease.untilMs, longestLeaseMs) } }),
  };
  return found ? mended : episode;
}
