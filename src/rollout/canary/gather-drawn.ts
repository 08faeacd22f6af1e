import { stepSampleRatio } from '../../statistics/sample-ratio.ts';
import type { Both, DrawnCounts } from './counts.ts';
import type { Evidence } from './evidence.ts';
import type { Look } from './look.ts';

/** Who was drawn while the share in force was. */
export interface DrawnEvidence extends DrawnCounts {
  readonly share: number;
  /** Processes that counted returning callers: replicas, and those from before a restart. */
  readonly processes: readonly string[];
}

/** Past these, more processes do not make callers fewer. */
const mostProcesses = 100;

/**
 * The sample ratio after one look. A process counts a returning caller once, and so may every other, also the same
 * replica's after a restart, always on the same side: so many fewer were drawn apart from each other. Calls that
 * nobody else can count are taken as they are. What comes late, of a share that was in force before, is left out.
 */
export function gatherDrawn(
  before: Pick<Evidence, 'drawn' | 'sampleRatio'>,
  { counts, callersOf }: Pick<Look, 'counts' | 'callersOf'>,
): Pick<Evidence, 'drawn' | 'sampleRatio'> {
  let { drawn, sampleRatio } = before;
  for (const [share, more] of [...counts.drawn].sort(([a], [b]) => a - b)) {
    if (!(share > 0 && share < 1) || share < (drawn?.share ?? 0)) continue;
    const known = drawn?.share === share ? drawn : { share, processes: [], once: nobody, returning: nobody };
    const processes = [...new Set([...known.processes, ...callersOf])].slice(0, mostProcesses);
    drawn = { share, processes, once: plus(known.once, more.once), returning: plus(known.returning, more.returning) };
    const [now, then] = [apart(drawn), apart(known)];
    const fresh = { canary: now.canary - then.canary, stable: now.stable - then.stable };
    sampleRatio = stepSampleRatio(sampleRatio, { share, ...fresh });
  }
  return { sampleRatio, ...(drawn && { drawn }) };
}

const nobody: Both<number> = { canary: 0, stable: 0 };

function plus(left: Both<number>, right: Both<number>): Both<number> {
  return { canary: left.canary + right.canary, stable: left.stable + right.stable };
}

/** How many were drawn apart from each other. */
function apart({ once, returning, processes }: DrawnEvidence): Both<number> {
  const times = Math.max(1, processes.length);
  return { canary: once.canary + returning.canary / times, stable: once.stable + returning.stable / times };
}
