import { kindTraits } from '../core/target.ts';
import { isWithin, pathText } from './findings.ts';
import type { Examined } from './load.ts';
import { geographyOf } from './regions.ts';
import type { ModelOptions } from './schema.ts';

/** Where one version of a model runs: for each region of the config the kinds there, none if it is a hole. */
export interface GridRow {
  readonly version: string;
  /** Share among the versions, 0 to 1. */
  readonly share: number;
  readonly cells: Readonly<Record<string, readonly string[]>>;
}

/** The version × region picture of one model. */
export interface ModelGrid {
  readonly model: string;
  readonly policy: string;
  readonly rows: readonly GridRow[];
  /** Regions the model's residency keeps out: no holes, but no places to go either. */
  readonly keptOut: readonly string[];
  /** Regions that can answer some version. */
  readonly regions: number;
  /** Of these, how many remain when the best covered one is lost. */
  readonly remainIfOneIsLost: number;
  /** Residency classes with a single region: callers bound to one have nowhere else to go. */
  readonly alone: readonly { readonly residency: string; readonly region: string }[];
}

/** A grid for every model that was understood well enough to draw one. */
export function modelGrids({ config, unsound }: Examined): readonly ModelGrid[] {
  const wrong = (model: string) => {
    const path = pathText(['models', model]);
    return [...unsound, ''].some(text => text !== '' && (isWithin(text, path) || isWithin(path, text)));
  };
  const regions = Object.keys(config.regions).map(name => ({
    name,
    residency: config.regions[name]?.residency ?? geographyOf(name),
  }));
  return Object.entries(config.models)
    .filter(([name]) => !wrong(name))
    .map(([name, options]) => gridOf(name, options, regions));
}

type Place = { readonly name: string; readonly residency: string };

function gridOf(model: string, { versions, routing }: ModelOptions, places: readonly Place[]): ModelGrid {
  const allowed = (place: Place) => routing.residency?.includes(place.residency) ?? true;
  const total = Object.values(versions).reduce((sum, { weight }) => sum + weight, 0);
  const rows = Object.entries(versions).map(([version, { weight, targets }]) => ({
    version,
    share: total === 0 ? 0 : weight / total,
    cells: Object.fromEntries(
      places.map(({ name }) => [
        name,
        targets.filter(target => target.region === name).map(target => kindTraits[target.kind].short),
      ]),
    ),
  }));
  const answering = places.filter(
    place => allowed(place) && rows.some(({ cells }) => (cells[place.name] ?? []).length > 0),
  );
  const alone = answering.filter(
    ({ residency }) => answering.filter(other => other.residency === residency).length === 1,
  );
  return {
    model,
    policy: routing.policy,
    rows,
    keptOut: places.filter(place => !allowed(place)).map(({ name }) => name),
    regions: answering.length,
    remainIfOneIsLost: Math.max(0, answering.length - 1),
    alone: alone.map(({ name, residency }) => ({ residency, region: name })),
  };
}
