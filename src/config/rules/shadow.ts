import type { TargetOptions } from '../../backends/options.ts';
import { kindTraits } from '../../core/target.ts';
import type { Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';

/** A shadow is a version of the model that can take a copy. */
export const shadowsCanBeAsked: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const { shadow, versions, idempotent } = options;
    const at = [...path, 'shadow', 'version'];
    if (shadow.version === undefined || !inspection.sound(at) || !inspection.sound([...path, 'versions'])) continue;
    const known = Object.keys(versions);
    const version = Object.hasOwn(versions, shadow.version) ? versions[shadow.version] : undefined;
    if (version === undefined) {
      const mend = `known: ${known.join(', ')}${didYouMean(shadow.version, known)}`;
      inspection.error(at, `${model} has no version "${shadow.version}"`, mend);
    } else if (!idempotent) {
      const mend = 'leave the shadow out, or write idempotent: true if running a call twice is harmless';
      inspection.error(at, 'a mirrored call runs twice and the model is not idempotent', mend);
    } else if (version.targets.every(({ kind }) => kindTraits[kind].queues)) {
      inspection.error(at, `${shadow.version} only queues, and queued calls are not mirrored`, 'name another version');
    } else if (known.every(name => name === shadow.version || versions[name]?.weight === 0)) {
      inspection.warning(at, 'every call goes to this version, so none is mirrored', 'name another version');
    }
  }
};

/** A shadow's settings are used by someone. */
export const shadowsAreMirroredTo: Rule = inspection => {
  for (const [, { shadow }, path] of inspection.models()) {
    const at = [...path, 'shadow', 'share'];
    if (!inspection.sound(at) || !inspection.written(at)) continue;
    if (shadow.version === undefined) inspection.warning(at, 'has no effect without a version', 'write shadow.version');
    else if (shadow.share === 0) inspection.note(at, 'nothing is mirrored', 'raise it, or leave the shadow out');
  }
};

/** A shadow's copies draw on nobody's capacity but its own. */
export const shadowsStandApart: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const { version } = options.shadow;
    const at = [...path, 'shadow', 'version'];
    if (version === undefined || !inspection.sound(at) || !inspection.sound([...path, 'versions'])) continue;
    const placeOf = ({ region, endpoint, modelId, url }: TargetOptions) => `${endpoint ?? modelId ?? url} in ${region}`;
    const targets = inspection.targetsOf(model, options);
    const others = new Set(targets.filter(each => each.version !== version).map(({ target }) => placeOf(target)));
    const shared = targets.find(each => each.version === version && others.has(placeOf(each.target)));
    if (shared === undefined) continue;
    const problem = `copies draw on ${placeOf(shared.target)}, which serves callers too`;
    inspection.warning(at, problem, 'give the shadow endpoints of its own');
  }
};
