import type { Interval } from './proportions.ts';
import type { RateArm } from './rate-test.ts';
import { lnBeta } from './special.ts';

/**
 * Confidence sequence of a share, exact and valid at every look: the values the Beta(½, ½) mixture of binomials does
 * not exceed by 1/alpha (Robbins 1970). Calls are taken as independent with one unchanging share.
 */
export function shareSequence(arm: RateArm, alpha: number): Interval {
  const { calls, errors } = arm;
  const seen = errors / calls;
  if (calls === 0) return { low: 0, high: 1 };
  const mixture = lnBeta(errors + 0.5, calls - errors + 0.5) - lnBeta(0.5, 0.5);
  const refused = (share: number) => mixture - logBinomial(errors, calls, share) >= -Math.log(alpha);
  return { low: border(0, seen, refused), high: border(1, seen, refused) };
}

/** ln of share^errors · (1 − share)^(calls − errors), 0⁰ being 1. */
function logBinomial(errors: number, calls: number, share: number): number {
  const log = (times: number, chance: number) => (times === 0 ? 0 : times * Math.log(chance));
  return log(errors, share) + log(calls - errors, 1 - share);
}

/** The last value not refused on the way from what was seen to the end of the range, to within 1e-12, outwards. */
function border(end: number, seen: number, refused: (share: number) => boolean): number {
  if (!refused(end)) return end;
  let [held, out] = [seen, end];
  for (let step = 0; step < 60 && Math.abs(out - held) > 1e-12; step += 1) {
    const middle = (held + out) / 2;
    if (refused(middle)) out = middle;
    else held = middle;
  }
  return out;
}
