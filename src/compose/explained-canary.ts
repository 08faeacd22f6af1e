import { type CanaryRecord, shareOf } from '../rollout/canary/record.ts';
import { isRunning } from '../rollout/canary/states.ts';
import type { Explanation } from '../routing/explanation.ts';

/**
 * The explanation with the shares that a running canary, or one that was promoted, gives the versions.
 * @param out see `Canaries.outOf`
 */
export function withCanary(
  explained: Explanation,
  record: CanaryRecord | undefined,
  charge: string | undefined,
  out?: string,
): Explanation {
  if (record === undefined) return explained;
  const share = isRunning(record.state) ? shareOf(record) : 0;
  const weighted = explained.versions.find(({ version }) => version === charge)?.weight ?? 0;
  const promoted = weighted === 0 && charge !== undefined;
  if (share === 0 && !promoted && out === undefined) return explained;
  const known = explained.versions.map(each => (each.version === (share > 0 ? record.canary : out) ? 0 : each.share));
  const sum = known.reduce((total, each) => total + each, 0);
  const versions = explained.versions.map((each, index) => {
    if (share > 0 && each.version === record.canary) return { ...each, share };
    const stable = promoted ? Number(each.version === charge) : (known[index] ?? 0) / (sum || 1);
    return { ...each, share: (1 - share) * stable };
  });
  const words = [
    ...(share > 0 ? [`${record.canary} is on trial (${record.state}) with ${100 * share} % of calls`] : []),
    ...(out !== undefined
      ? [`${out} has weight, and gets no calls since its canary ended until the weights in the config change`]
      : []),
    ...(promoted ? [`${charge} was promoted, and is in charge until the weights in the config change`] : []),
  ];
  return { ...explained, versions, canary: words.join('; ') };
}
