import type { Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';

/** New versions are made like one that is there, on endpoints that could be theirs, and one group feeds one model. */
export const newVersionsHaveAPattern: Rule = inspection => {
  const groups = new Map<string, string>();
  for (const [model, { newVersions, versions }, path] of inspection.models()) {
    const at = [...path, 'newVersions'];
    if (newVersions === undefined || !inspection.sound(at)) continue;
    const { like, packageGroup } = newVersions;
    const known = Object.keys(versions);
    if (like !== undefined && !known.includes(like))
      inspection.error(
        [...at, 'like'],
        `no version of ${model} is called ${inspection.shown([...at, 'like'], like)}`,
        `known: ${known.join(', ')}${didYouMean(like, known)}`,
      );
    const pattern = versions[like ?? known[0] ?? ''];
    const served = pattern?.targets.find(({ kind }) => kind === 'http');
    if (served !== undefined && inspection.sound([...path, 'versions']))
      inspection.error(
        at,
        `targets of kind http have no endpoint that could be named anew`,
        'name another version in `like`',
      );
    const other = groups.get(packageGroup);
    if (other !== undefined)
      inspection.error(
        [...at, 'packageGroup'],
        `${other} takes the packages of this group already`,
        'give each model its own group',
      );
    groups.set(packageGroup, model);
  }
};
