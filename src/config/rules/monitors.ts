import { readFileSync } from 'node:fs';
import { readBaseline } from '../../drift/baseline-files.ts';
import type { MonitorOptions } from '../../drift/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { residenciesAreSound, residencyOfTarget } from './lookups.ts';

type Monitored = readonly [string, MonitorOptions, Path];

function monitored(inspection: Inspection): readonly Monitored[] {
  return inspection
    .models()
    .flatMap(([name, { monitor }, path]): Monitored[] =>
      monitor === undefined || inspection.standIn([...path, 'monitor']) ? [] : [[name, monitor, [...path, 'monitor']]],
    );
}

/** Baselines are there and sound; without one there is nothing to compare with. */
export const baselinesAreReadable: Rule = inspection => {
  for (const [name, { baseline, baselines, scopes }, path] of monitored(inspection)) {
    checkNamed(inspection, name, { baseline, baselines }, path);
    for (const [scope, own] of Object.entries(scopes)) checkNamed(inspection, name, own, [...path, 'scopes', scope]);
    const serving = Object.entries(inspection.config.models[name]?.versions ?? {}).filter(
      ([, { weight }]) => weight > 0,
    );
    if (baseline !== undefined || serving.every(([version]) => Object.hasOwn(baselines, version))) continue;
    inspection.warning(path, `${name} has no baseline to be compared with`, 'make one: meridian baseline build');
  }
};

type Named = Pick<MonitorOptions, 'baselines'> & { readonly baseline?: string | undefined };

/** What is named for all versions, and for single ones. */
function checkNamed(inspection: Inspection, name: string, { baseline, baselines }: Named, path: Path): void {
  const versions = Object.keys(inspection.config.models[name]?.versions ?? {});
  const all: (readonly [Path, string])[] = [
    ...(baseline === undefined ? [] : [[[...path, 'baseline'], baseline] as const]),
    ...Object.entries(baselines).map(([version, at]) => [[...path, 'baselines', version], at] as const),
  ];
  for (const [at, written] of all) if (inspection.sound(at)) checkBaseline(inspection, at, written);
  for (const version of Object.keys(baselines)) {
    if (versions.includes(version)) continue;
    const known = `it has ${versions.join(', ')}`;
    inspection.warning([...path, 'baselines', version], `${name} has no version ${version} here`, known);
  }
}

/** Scopes are classes the model is served in; where there is but one, it is all there is. */
export const scopesAreClasses: Rule = inspection => {
  if (!residenciesAreSound(inspection)) return;
  for (const [name, { scopes }, path] of monitored(inspection)) {
    if (!inspection.sound([...path, 'scopes'])) continue;
    const targets = inspection.targets().filter(({ model }) => model === name);
    if (targets.length === 0 || !targets.every(({ path: at }) => inspection.sound(at))) continue;
    const served = new Set(targets.flatMap(({ target }) => residencyOfTarget(inspection, target) ?? []));
    const within = inspection.config.models[name]?.routing.residency;
    const classes = [...served].filter(each => within?.includes(each) ?? true);
    for (const scope of Object.keys(scopes)) {
      const at = [...path, 'scopes', scope];
      if (scope === 'all') inspection.error(at, 'all callers are judged anyway, by this name', 'leave it out');
      else if (!classes.includes(scope))
        inspection.error(at, `${name} is not served in ${scope}`, `it is served in ${classes.join(', ')}`);
      else if (classes.length === 1)
        inspection.warning(at, `all calls of ${name} are of ${scope}, which is judged twice`, 'leave it out');
      else if (!isKeyBound(inspection, name, classes, scope))
        inspection.note(
          at,
          `no key is bound to ${scope} alone`,
          'bind keys, or have callers send x-meridian-residency',
        );
    }
  }
};

/** Whether some key of the config may be served in one class of a model alone. */
function isKeyBound(
  { config: { auth } }: Inspection,
  name: string,
  classes: readonly string[],
  scope: string,
): boolean {
  const keys = auth === 'none' ? [] : auth.keys;
  return keys.some(({ models, residency }) => {
    const allowed = classes.filter(each => residency?.includes(each));
    return (models?.includes(name) ?? true) && allowed.length === 1 && allowed[0] === scope;
  });
}

function checkBaseline(inspection: Inspection, at: Path, written: string): void {
  const directory = inspection.besideFile(at, written);
  const read = readBaseline(directory, path => readFileSync(path, 'utf8'));
  if (!('problems' in read)) return;
  for (const problem of read.problems)
    inspection.error(at, `${written} is no baseline: ${problem}`, 'make one anew: meridian baseline build');
}

/** A mark above which something is drifted lies above the one below which it is clear. */
export const marksAreInOrder: Rule = inspection => {
  for (const [, { marks }, path] of monitored(inspection)) {
    for (const [name, { high, low }] of Object.entries(marks)) {
      const at = [...path, 'marks', name];
      if (!inspection.sound(at) || low <= high) continue;
      inspection.error(at, `low is ${low}, above high, ${high}`, 'let low be at most high');
    }
  }
};

/** The measure ground truth is judged by is one that the predictions give: a score's area needs to be known for a score. */
export const performanceCanBeMeasured: Rule = inspection => {
  for (const [, { performance, payload }, path] of monitored(inspection)) {
    const at = [...path, 'performance'];
    if (performance !== 'auc' || payload.threshold !== undefined || !inspection.sound(at)) continue;
    if (!inspection.sound([...path, 'payload'])) continue;
    inspection.error(at, 'there is no AUC of predictions that are no scores', 'set payload.threshold, as 0.5');
  }
};

/** Captured records have somewhere to go. */
export const captureHasDestinations: Rule = inspection => {
  const { capture, regions } = inspection.config;
  for (const [name, { capture: wanted }, path] of monitored(inspection)) {
    const at = [...path, 'capture'];
    if (wanted === undefined || !inspection.sound(at)) continue;
    if (capture === undefined) {
      inspection.error(at, `${name} is captured and there is no destination`, 'add capture.destinations');
      continue;
    }
    const reached = new Set(
      inspection
        .targets()
        .filter(({ model }) => model === name)
        .map(({ target: { region, residency } }) => residency ?? regions[region]?.residency ?? region.slice(0, 2)),
    );
    for (const residency of reached) {
      if (Object.hasOwn(capture.destinations, residency)) continue;
      const problem = `what regions of residency ${residency} serve is not captured`;
      inspection.warning(at, problem, `add capture.destinations.${residency}, if it may be kept`);
    }
  }
};

/** A destination is one place. */
export const destinationsAreOnePlace: Rule = inspection => {
  const { capture, regions } = inspection.config;
  for (const [name, { directory, s3, region }] of Object.entries(capture?.destinations ?? {})) {
    const at: Path = ['capture', 'destinations', name];
    if (!inspection.sound(at)) continue;
    if ((directory === undefined) === (s3 === undefined))
      inspection.error(at, 'is not one place', 'write either directory or s3');
    if (s3 !== undefined && region === undefined)
      inspection.error(at, 'does not say where the bucket is', 'add region, a key of regions');
    if (region !== undefined && !Object.hasOwn(regions, region))
      inspection.error([...at, 'region'], `no region is called ${region}`, `known: ${Object.keys(regions).join(', ')}`);
  }
};
