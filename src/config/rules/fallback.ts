import type { FallbackOptions } from '../../fallback/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { knownNames } from '../nearest.ts';
import type { ModelOptions } from '../schema.ts';
import { aliasesOf, residencyOf } from './lookups.ts';

function modelOf(step: FallbackOptions[number]): string | undefined {
  return typeof step === 'object' && 'model' in step ? step.model : undefined;
}

/** A fallback model is there, and another than the model itself. */
export const fallbackModelsExist: Rule = inspection => {
  const { models } = inspection.config;
  const aliases = aliasesOf(inspection);
  for (const [name, { fallback }, path] of inspection.models()) {
    for (const [index, step] of fallback.entries()) {
      const at = [...path, 'fallback', index, 'model'];
      const model = modelOf(step);
      if (model === undefined || !inspection.sound(at)) continue;
      const owner = aliases.get(model);
      const known = Object.keys(models);
      if (model === name) inspection.error(at, `${name} would stand in for itself`, 'name another model');
      else if (Object.hasOwn(models, model)) continue;
      else if (owner !== undefined) inspection.error(at, `"${model}" is an alias`, `write the model’s name, ${owner}`);
      else inspection.error(at, `no model is called "${model}"`, knownNames(model, known));
    }
  }
};

/** Models do not fall back on each other in a circle. */
export const fallbackHasNoCycle: Rule = inspection => {
  const { models } = inspection.config;
  const told = new Set<string>();
  const walk = (trail: readonly string[]): void => {
    const last = trail.at(-1) ?? '';
    for (const step of models[last]?.fallback ?? []) {
      const next = modelOf(step);
      if (next === undefined || next === last || !Object.hasOwn(models, next)) continue;
      const start = trail.indexOf(next);
      if (start < 0) walk([...trail, next]);
      else tellCycle(trail.slice(start));
    }
  };
  const tellCycle = (cycle: readonly string[]): void => {
    const first = cycle.toSorted()[0] ?? '';
    if (told.has(first)) return;
    for (const model of cycle) told.add(model);
    const problem = `these stand in for each other: ${[...cycle, cycle[0]].join(' → ')}`;
    inspection.error(['models', first, 'fallback'], problem, 'leave one of the steps out');
  };
  for (const model of Object.keys(models)) if (!told.has(model)) walk([model]);
};

/** A static answer always answers, and nothing is tried twice. */
export const fallbackStepsAreReached: Rule = inspection => {
  for (const [, { fallback }, path] of inspection.models()) {
    const seen = new Set<string>();
    for (const [index, step] of fallback.entries()) {
      const at = [...path, 'fallback', index];
      if (!inspection.sound(at)) continue;
      const key = step === 'stale' ? 'stale' : (modelOf(step) ?? 'static');
      if (seen.has('static')) inspection.error(at, 'comes after a static answer and is never tried', 'put it before');
      else if (seen.has(key)) inspection.error(at, 'is there twice', 'leave one of the two out');
      seen.add(key);
    }
  }
};

/** A `stale` step has a cache that keeps stale answers. */
export const staleHasACache: Rule = inspection => {
  for (const [, { fallback, cache }, path] of inspection.models()) {
    const index = fallback.indexOf('stale');
    const at = [...path, 'fallback', index];
    if (!inspection.sound([...path, 'cache']) || !inspection.sound([...path, 'fallback'])) continue;
    if (index >= 0 && cache === undefined) {
      inspection.error(at, 'there are no stale answers without a cache', 'add cache: { staleIfErrorSeconds: 3600 }');
    } else if (index >= 0 && cache?.staleIfErrorSeconds === 0) {
      inspection.error(at, 'cache.staleIfErrorSeconds is 0, so nothing is kept', 'raise it, or leave stale out');
    } else if (index < 0 && cache !== undefined && inspection.written([...path, 'cache', 'staleIfErrorSeconds'])) {
      const problem = 'answers are kept for errors, but fallback does not use them';
      inspection.warning([...path, 'cache', 'staleIfErrorSeconds'], problem, 'add stale to fallback');
    }
  }
};

/** A configured cache can hold an answer. */
export const cacheHoldsSomething: Rule = inspection => {
  const { maxBytes, maxEntryBytes } = inspection.config.cacheStore;
  const { redis } = inspection.config;
  const sound = ['maxBytes', 'maxEntryBytes'].every(key => inspection.sound(['cacheStore', key]));
  for (const [, { cache }, path] of inspection.models()) {
    const at = [...path, 'cache'];
    if (cache === undefined || !inspection.sound(at) || !sound) continue;
    if (cache.freshSeconds + cache.staleIfErrorSeconds + cache.staleWhileRevalidateSeconds === 0) {
      inspection.error(at, 'every time is 0, so nothing is ever kept', 'give one a time, or leave cache out');
    } else if (maxEntryBytes === 0 || (maxBytes === 0 && redis === undefined)) {
      inspection.error(at, 'the cache store has no room', 'raise cacheStore.maxBytes and maxEntryBytes');
    }
  }
  if (maxBytes === 0 || maxEntryBytes <= maxBytes || !sound) return;
  const problem = `larger than cacheStore.maxBytes, ${maxBytes}`;
  inspection.warning(['cacheStore', 'maxEntryBytes'], problem, 'an answer of that size is never kept in memory');
};

/** Residency binds fallback models too, and callers must be allowed them. */
export const fallbackModelsCanServe: Rule = inspection => {
  for (const [name, options, path] of inspection.models()) {
    for (const [index, step] of options.fallback.entries()) {
      const other = modelOf(step);
      const standIn = other === undefined || other === name ? undefined : inspection.config.models[other];
      if (other === undefined || standIn === undefined || !inspection.sound(['models', other])) continue;
      const at = [...path, 'fallback', index, 'model'];
      if (inspection.sound(path) && !mayServe(inspection, options, other, standIn)) {
        const problem = `${other} has no target where ${name} may run`;
        inspection.warning(at, problem, `give ${other} a target in ${options.routing.residency?.join(', ')}`);
      }
      tellForbidden(inspection, name, other, standIn, at);
    }
  }
};

function mayServe(inspection: Inspection, model: ModelOptions, name: string, standIn: ModelOptions): boolean {
  const bounds = [model.routing.residency, standIn.routing.residency];
  return inspection.targetsOf(name, standIn).some(({ target }) => {
    const place = residencyOf(inspection, target.region);
    return place === undefined || bounds.every(bound => bound === undefined || bound.includes(place));
  });
}

function tellForbidden(inspection: Inspection, name: string, other: string, standIn: ModelOptions, at: Path): void {
  const { auth } = inspection.config;
  if (auth === 'none' || standIn.publicFallback || !inspection.sound(['auth'])) return;
  const keys = auth.keys.filter(({ models }) => models?.includes(name) === true && !models.includes(other));
  if (keys.length === 0) return;
  const problem = `the keys ${keys.map(key => key.id).join(', ')} may call ${name} but not ${other}`;
  inspection.warning(at, problem, `allow them ${other}, or write publicFallback: true there`);
}

/** A content type becomes a header: no line breaks, nothing outside printable ASCII. */
export const contentTypesAreHeaders: Rule = inspection => {
  for (const [, { fallback, sample }, path] of inspection.models()) {
    const steps = fallback.flatMap((step, index) =>
      typeof step === 'object' && 'static' in step
        ? [{ at: [...path, 'fallback', index, 'static', 'contentType'], text: step.static.contentType }]
        : [],
    );
    const samples = sample === undefined ? [] : [{ at: [...path, 'sample', 'contentType'], text: sample.contentType }];
    for (const { at, text } of [...steps, ...samples]) {
      if (/^[\x20-\x7e]+$/.test(text) || !inspection.sound(at)) continue;
      inspection.error(at, `found ${inspection.shown(at, text)}`, 'expected a media type such as application/json');
    }
  }
};
