import { everyone } from '../drift/scope.ts';
import { partsOf } from '../drift/watched-versions.ts';
import type { CanaryView } from '../retrain/ports.ts';
import type { CanaryRecord } from '../rollout/canary/record.ts';
import type { CanaryPart } from './canary.ts';
import type { DriftSide } from './drift.ts';
import type { EpisodeSources } from './episodes.ts';
import type { Parts } from './parts.ts';

/** What canaries and monitors tell episodes. */
export function episodeSources(
  parts: Parts,
  canaries: Pick<CanaryPart, 'record' | 'stableOf' | 'carries'>,
  drift: Pick<DriftSide, 'watched'>,
  warn: (message: string) => void,
): EpisodeSources {
  return {
    canary: model => {
      const record = canaries.record(model);
      return record && viewOf(record);
    },
    stable: canaries.stableOf,
    carries: canaries.carries,
    baseline: (model, scope) => {
      const stable = canaries.stableOf(model);
      const watched = drift.watched().find(each => each.model === model && each.version === stable);
      return (watched?.scopes.get(scope) ?? watched?.whole)?.monitor?.baseline.id;
    },
    references: (model, scope) => references(parts, model, scope),
    judges: (model, scope, { version, monitor, feature }) => {
      const watched = drift.watched().find(each => each.model === model && each.version === version);
      const part = watched && partsOf(watched).find(each => each.scope === scope);
      if (part === undefined) return false;
      const features = part.monitor?.baseline.baseline.features;
      const isNamed = feature !== undefined && (monitor === 'features' || monitor === 'data-quality');
      // Without a baseline, which may come back, nothing is known.
      return features === undefined || !isNamed || features.some(({ name }) => name === feature);
    },
    warn,
  };
}

function viewOf({ id, canary, startedAtMs, startedBy, state, reason }: CanaryRecord): CanaryView {
  const over =
    state === 'promoted' ? 'promoted' : state === 'rolled-back' || state === 'aborted' ? 'rolled-back' : undefined;
  return { id, version: canary, startedAtMs, state: over ?? 'running', reason, by: startedBy };
}

/**
 * Where a model's captured calls and their truths are: `capture` and `feedback` of the first destination that has a
 * target of the model, and `capture-us` and the like for each residency class. Of a scope, which is such a class, that
 * class alone: data of others is none of its business, and may not cross the border.
 */
function references({ config }: Parts, model: string, scope: string): Readonly<Record<string, string>> {
  const { capture, models } = config().config;
  const known = config().models.get(model);
  if (capture === undefined || known === undefined || models[model]?.monitor?.capture === undefined) return {};
  const served = new Set(known.versions.flatMap(({ targets }) => targets.map(({ residency }) => residency)));
  const residencies = [...served].filter(residency => scope === everyone || residency === scope);
  const places = residencies.flatMap(residency => {
    const { s3, directory } = capture.destinations[residency] ?? {};
    const root = s3 ?? (directory === undefined ? undefined : `${directory}/`);
    return root === undefined ? [] : [{ residency, capture: `${root}${model}/`, feedback: `${root}${model}.truth/` }];
  });
  const each = places.flatMap(({ residency, capture: calls, feedback }) => [
    [`capture-${residency}`, calls],
    [`feedback-${residency}`, feedback],
  ]);
  const [first] = places;
  return { ...Object.fromEntries(each), ...(first && { capture: first.capture, feedback: first.feedback }) };
}
