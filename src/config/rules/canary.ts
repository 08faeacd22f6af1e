import type { Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';

/** A canary of the config's is a version that there is, beside one that is in charge. */
export const canaryVersionsExist: Rule = inspection => {
  for (const [model, { canary, versions }, path] of inspection.models()) {
    const at = [...path, 'canary', 'version'];
    if (canary.version === undefined || !inspection.sound(at) || !inspection.sound([...path, 'versions'])) continue;
    const known = Object.keys(versions);
    if (!Object.hasOwn(versions, canary.version)) {
      const mend = `known: ${known.join(', ')}${didYouMean(canary.version, known)}`;
      inspection.error(at, `${model} has no version "${canary.version}"`, mend);
    } else if (known.every(name => name === canary.version || versions[name]?.weight === 0)) {
      inspection.error(at, 'no other version gets calls, so there is nothing to compare with', 'give one a weight');
    }
  }
};

/** Steps go up, and waves name regions that the model has targets in. */
export const canaryPlansAreSound: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const { steps, waves } = options.canary;
    const at = [...path, 'canary', 'steps'];
    const shares = steps.map(step => (typeof step === 'number' ? step : step.share));
    if (inspection.sound(at) && shares.some((share, index) => share <= (shares[index - 1] ?? 0)))
      inspection.error(at, `${shares.join(', ')} do not ascend`, 'write each step once, the smallest first');
    const regions = new Set(inspection.targetsOf(model, options).map(({ target }) => target.region));
    for (const [index, wave] of waves.entries()) {
      const place = [...path, 'canary', 'waves', index];
      if (wave === 'rest' || !inspection.sound(place) || !inspection.sound([...path, 'versions'])) continue;
      const stranger = wave.find(region => !regions.has(region));
      if (stranger === undefined) continue;
      const mend = `known: ${[...regions].join(', ')}${didYouMean(stranger, regions)}`;
      inspection.error(place, `${model} has no target in "${stranger}"`, mend);
    }
  }
};

/** Two people need two keys. */
export const approversAreKnown: Rule = inspection => {
  const operators = inspection.config.admin.keys.filter(({ role }) => role === 'operator');
  for (const [, { canary }, path] of inspection.models()) {
    const at = [...path, 'canary', 'approval'];
    if (canary.approval !== 'second-person' || operators.length >= 2 || !inspection.sound(['admin'])) continue;
    if (!inspection.sound(at)) continue;
    const problem = 'a second person is asked for, and fewer than two operators have a key';
    inspection.warning(at, problem, 'give each operator a key in admin.keys');
  }
};
