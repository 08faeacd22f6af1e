import { type Feature, presentOf } from './baseline.ts';
import type { Problems } from './baseline-schema.ts';

interface Described {
  readonly features: readonly Feature[];
  readonly prediction?: Feature | undefined;
}

/** What a schema cannot say of a baseline: edges ascend, counts fit them, ranges are ones, names are distinct. */
export function misfits({ features, prediction }: Described): Problems {
  return [...all({ features, prediction }).flatMap(misfitsOf), ...twice(features)];
}

function misfitsOf(feature: Feature): Problems {
  if (feature.kind === 'opaque') return [];
  const { name, counts } = feature;
  const bins = feature.kind === 'numeric' ? feature.edges.length + 1 : feature.values.length + 1;
  const fit = counts.length === bins ? [] : [`${name} has ${bins} bins and ${counts.length} counts`];
  if (feature.kind !== 'numeric') return fit;
  const { edges, min, max } = feature;
  const ascend = edges.every((edge, i) => i === 0 || edge > (edges[i - 1] as number));
  return [
    ...fit,
    ...(ascend ? [] : [`the edges of ${name} do not ascend`]),
    ...(min <= max ? [] : [`the least value of ${name} is above its greatest`]),
  ];
}

/** What there would be nothing to compare with: a monitor would look on, and never say a word. */
export function unmonitored({ features, prediction }: Described): Problems {
  const empty = all({ features, prediction }).filter(
    feature => feature.kind !== 'opaque' && presentOf(feature) + feature.missing === 0,
  );
  return [
    ...(features.length === 0 && prediction === undefined ? ['has no features'] : []),
    ...empty.map(({ name }) => `${name} has no counts`),
  ];
}

/** Constraints of features that are not there, as after a typing error: nothing would ever break them. */
export function strangers(
  features: readonly { readonly name: string }[],
  constrained: readonly { readonly name: string }[],
): Problems {
  const names = new Set(features.map(({ name }) => name));
  return constrained.filter(({ name }) => !names.has(name)).map(({ name }) => `${name} is no feature of the baseline`);
}

/** Names that are there more than once. */
export function twice(features: readonly { readonly name: string }[]): Problems {
  const names = features.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    name => `${name} is there twice`,
  );
}

function all({ features, prediction }: Described): readonly Feature[] {
  return prediction === undefined ? features : [...features, prediction];
}
