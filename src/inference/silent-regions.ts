import { wasSilent } from '../core/outcome.ts';
import type { Attempt } from '../core/result.ts';
import type { Candidate } from '../routing/router.ts';

/**
 * The candidates left, those of regions that this call found silent behind all others: two targets behind the same
 * broken network would use up the time that another region needs.
 */
export function elsewhereFirst(candidates: readonly Candidate[], trail: readonly Attempt[]): readonly Candidate[] {
  if (trail.length === 0) return candidates;
  const silent = new Set(trail.flatMap(({ target, result }) => (wasSilent(result.outcome) ? [target.region] : [])));
  if (silent.size === 0) return candidates;
  const isSilent = ({ target }: Candidate) => silent.has(target.region);
  return [...candidates.filter(candidate => !isSilent(candidate)), ...candidates.filter(isSilent)];
}
