import type { Path } from '../findings.ts';
import type { Rule } from '../inspection.ts';
import { knownNames } from '../nearest.ts';
import { residenciesAreSound, residencyClasses, residencyOfTarget } from './lookups.ts';

/** No name or alias stands for two models. */
export const namesAreDistinct: Rule = inspection => {
  const taken = new Map<string, Path>();
  for (const [, { aliases }, path] of inspection.models()) {
    for (const [index, alias] of aliases.entries()) {
      const at = [...path, 'aliases', index];
      const first = taken.get(alias);
      if (!inspection.sound(at)) continue;
      if (Object.hasOwn(inspection.config.models, alias)) {
        inspection.error(at, `"${alias}" is the name of a model`, `leave the alias out, or rename one of the two`);
      } else if (first !== undefined) {
        inspection.error(at, `"${alias}" is already an alias at ${inspection.where(first)}`, `leave it to one model`);
      } else taken.set(alias, [...path, 'aliases', index]);
    }
  }
};

/** With no weight anywhere no version is ever chosen. */
export const someVersionHasWeight: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const versions = inspection.versions(model, options);
    const at = [...path, 'versions'];
    if (versions.length === 0 || versions.some(([, { weight }]) => weight > 0) || !inspection.sound(at)) continue;
    inspection.error(at, 'every version has weight 0', 'give one a weight above 0');
  }
};

/** Each model has a version and a target that gets traffic. */
export const someTargetHasWeight: Rule = inspection => {
  for (const [model, options, modelPath] of inspection.models()) {
    if (options.routing.policy !== 'weighted' || !inspection.sound([...modelPath, 'routing'])) continue;
    for (const [, { targets }, path] of inspection.versions(model, options)) {
      const at = [...path, 'targets'];
      if (targets.length === 0 || targets.some(target => target.weight > 0) || !inspection.sound(at)) continue;
      inspection.error(at, 'every target has weight 0 and the policy is weighted', 'give one a weight above 0');
    }
  }
};

/** A model's residency leaves its versions somewhere to run. */
export const residencyLeavesTargets: Rule = inspection => {
  const classes = residencyClasses(inspection);
  for (const [model, { routing, versions }, path] of inspection.models()) {
    const at = [...path, 'routing', 'residency'];
    if (routing.residency === undefined || !inspection.sound(at) || !residenciesAreSound(inspection)) continue;
    const unknown = routing.residency.filter(name => !classes.has(name));
    for (const name of unknown) {
      const mend = knownNames(name, classes);
      inspection.error(at, `no region has the residency "${name}"`, mend);
    }
    if (unknown.length > 0 || !inspection.sound([...path, 'versions'])) continue;
    const allowed = new Set<string | undefined>(routing.residency);
    const empty = Object.entries(versions)
      .filter(([, { targets }]) => !targets.some(target => allowed.has(residencyOfTarget(inspection, target))))
      .map(([name]) => name);
    const list = routing.residency.join(', ');
    if (empty.length === Object.keys(versions).length) {
      inspection.error(at, `leaves ${model} no target in ${list}`, 'add a residency, or a target in one of these');
    } else if (empty.length > 0) {
      const problem = `leaves ${empty.join(', ')} of ${model} no target in ${list}`;
      inspection.warning(at, problem, 'add a target there, or give the version weight 0');
    }
  }
};

/** Each model runs in a second region. */
export const modelsSurviveARegion: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const targets = inspection.targetsOf(model, options);
    const regions = new Set(targets.map(({ target }) => target.region));
    if (regions.size !== 1 || !inspection.sound([...path, 'versions'])) continue;
    const problem = `${model} runs in ${[...regions].join()} only: if that region is lost, nothing answers`;
    inspection.warning([...path, 'versions'], problem, 'add a target in another region');
  }
};

/** What makes second calls (hedges, shared answers, probes) fits `idempotent`. */
export const secondCallsAreSafe: Rule = inspection => {
  for (const [model, options, path] of inspection.models()) {
    const { idempotent, hedging, cache, sample } = options;
    if (hedging && !idempotent) {
      const mend = 'turn hedging off, or write idempotent: true if running a call twice is harmless';
      inspection.error([...path, 'hedging'], 'a hedge runs a call twice and the model is not idempotent', mend);
    }
    if (hedging && inspection.targetsOf(model, options).length === 1 && inspection.sound([...path, 'versions'])) {
      inspection.warning([...path, 'hedging'], 'there is one target, so a hedge has nowhere to go', 'add a target');
    }
    if (!idempotent && cache !== undefined && cache.freshSeconds > 0) {
      const problem = 'equal calls share one answer and the model is not idempotent';
      inspection.warning([...path, 'cache'], problem, 'write freshSeconds: 0 unless that is meant');
    }
    if (!idempotent && sample !== undefined) {
      const problem = 'probes run the sample again and again and the model is not idempotent';
      inspection.warning([...path, 'sample'], problem, 'leave the sample out unless that is harmless');
    }
  }
};

/** A split by tenant has tenants. */
export const tenantsAreKnown: Rule = inspection => {
  for (const [, { routing }, path] of inspection.models()) {
    const at = [...path, 'routing', 'splitByTenant'];
    if (!routing.splitByTenant || inspection.config.auth !== 'none' || !inspection.sound(['auth'])) continue;
    inspection.warning(at, 'without keys all callers are one tenant, so one version gets them all', 'write auth.keys');
  }
};

/** What is written has an effect under the policy chosen. */
export const settingsHaveEffect: Rule = inspection => {
  for (const [, { routing }, path] of inspection.models()) {
    const at = [...path, 'routing', 'costWeight'];
    if (routing.policy === 'balanced' || !inspection.written(at) || !inspection.sound([...path, 'routing'])) continue;
    const problem = `has no effect under the policy ${routing.policy}`;
    inspection.warning(at, problem, 'write policy: balanced, or leave it out');
  }
};

/** What is written under `stream` has an effect. */
export const streamSettingsHaveEffect: Rule = inspection => {
  for (const [, { stream, deadlineMs, idempotent }, path] of inspection.models()) {
    const at = [...path, 'stream'];
    if (!inspection.sound(at) || !inspection.sound([...path, 'deadlineMs'])) continue;
    for (const key of ['firstByteMs', 'firstContentMs'] as const) {
      if (stream[key] <= deadlineMs || !inspection.written([...at, key])) continue;
      const problem = `${stream[key]} never runs out: deadlineMs, ${deadlineMs}, is up before`;
      inspection.warning([...at, key], problem, 'lower it, or raise the deadline');
    }
    if (stream.rescue !== 'restart' && inspection.written([...at, 'window']))
      inspection.warning([...at, 'window'], `has no effect with rescue: ${stream.rescue}`, 'write rescue: restart');
    if (stream.rescue !== 'none' && !idempotent) {
      const problem = 'a stream that was cut is not moved, since the model is not idempotent';
      inspection.warning([...at, 'rescue'], problem, 'leave it out, or write idempotent: true if that is harmless');
    }
  }
};
