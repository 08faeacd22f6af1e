import type { Containers, ModelContainer } from '../model-port.ts';
import { BadInput, type Fields } from './fields.ts';
import { flightColumns, predictDelay, readFlight } from './flight-delay.ts';
import { type ContainerModel, predictWith } from './json-container.ts';
import { type RainRecipe, type RainVersion, rainColumns, rainProbability, rainRecipes, readDay } from './rain.ts';
import type { LinearModel } from './regression.ts';
import { loadFlightDelayWeights, loadRainWeights } from './weights.ts';

/** What a framework and an empty model take, and what a row of training data adds: sizes that differ, as real ones do. */
const loadedBaseBytes = 300_000_000;
const loadedBytesPerRow = 200_000;
const archiveSuffix = '.tar.gz';

/** Every model container of the simulator by name. Weights are read once, when this module loads. */
export const containers: Containers = {
  'rain-v1': rainContainer('v1'),
  'rain-v2': rainContainer('v2'),
  'rain-v3': rainContainer('v3'),
  'rain-winter': rainContainer('winter'),
  'rain-batch': rainContainer('v2'),
  'flight-delay': flightDelayContainer(),
};

/** The target models of `flight-delay`, such as `SEA.tar.gz`, in alphabetical order. */
export function flightDelayTargetModels(): string[] {
  return Object.keys(loadFlightDelayWeights().airports).map(airport => airport + archiveSuffix);
}

function rainContainer(version: RainVersion): ModelContainer {
  return containerOf(rainRecipes[version], loadRainWeights(version));
}

/** Serves weights that a recipe was fitted to. */
export function containerOf(recipe: RainRecipe, weights: LinearModel): ModelContainer {
  const predict = (row: Fields) => ({ rain: round(rainProbability(recipe, weights, readDay(row)), 4) });
  const model: ContainerModel = { columns: rainColumns, predictor: () => predict };
  return { predict: input => predictWith(model, input) };
}

function flightDelayContainer(): ModelContainer {
  const airports = new Map(
    Object.entries(loadFlightDelayWeights().airports).map(([airport, model]) => [airport + archiveSuffix, model]),
  );
  const model: ContainerModel = {
    columns: flightColumns,
    predictor: targetModel => {
      const airport = airports.get(targetModel ?? '');
      if (!airport) throw new BadInput(`no such model: ${(targetModel ?? 'none named').slice(0, 80)}`);
      return row => {
        const { delayMinutes, late } = predictDelay(airport, readFlight(row));
        return { delayMinutes: round(delayMinutes, 1), late: round(late, 4) };
      };
    },
  };
  return {
    predict: input => predictWith(model, input),
    /** Pretended size in memory: about 350 to 480 MB, so that an instance holds a few. */
    loadBytes: targetModel => {
      const airport = airports.get(targetModel);
      return airport && loadedBaseBytes + airport.rows * loadedBytesPerRow;
    },
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
