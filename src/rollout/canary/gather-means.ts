import { addStratum, type MeanDifference, scaleMoments, tightestVariance } from '../../statistics/mean-difference.ts';
import { noMoments } from '../../statistics/moments.ts';
import { type Both, mergeBoth, type Strata } from './counts.ts';
import type { MeanEvidence } from './evidence.ts';

/** Values of a stratum: with so many, few are lost to strata that have none of one side (one in twenty). */
const leastInStratum = 20;
/** So many values of each side fix where the bounds are tightest. */
const leastValues = 30;

/**
 * The evidence after one look. Values are compared with those of the same region that were drawn with the same share:
 * there chance alone parts them, however late their calls' costs or truths come. When a stratum is full is a matter
 * of how many values it has, and not of the values.
 */
export function gatherMeans(before: MeanEvidence, more: Strata, margin: number): MeanEvidence {
  let { sum, values } = before;
  const open = { ...before.open };
  for (const [key, fresh] of more) {
    const stratum = mergeBoth(open[key] ?? { canary: noMoments, stable: noMoments }, fresh);
    const { canary, stable } = stratum;
    if (canary.count + stable.count < leastInStratum) {
      open[key] = stratum;
      continue;
    }
    delete open[key];
    sum = addStratum(sum, { canary, stable: scaleMoments(stable, 1 + margin) });
    values = { canary: values.canary + canary.count, stable: values.stable + stable.count };
  }
  return { sum, values, open, tightestAt: before.tightestAt ?? tightest(sum, values, margin) };
}

/** Where the standard error is a third of the margin on what is usual: then twice the margin is seen for sure. */
function tightest(sum: MeanDifference, { canary, stable }: Both<number>, margin: number): number | undefined {
  if (Math.min(canary, stable) < leastValues) return undefined;
  const usual = (sum.canary + sum.stable) / (2 * sum.weight);
  return tightestVariance(sum, (Math.abs(usual) * Math.max(margin, 0.01)) / 3);
}
