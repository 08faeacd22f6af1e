import { type LabelledDay, type LabelledFlight, labelledDays, labelledFlights } from './data-set.ts';
import { type AirportModel, encodeFlight, flightFeatures, lateFromMinutes, predictDelay } from './flight-delay.ts';
import { mean, quality } from './metrics.ts';
import { type RainRecipe, rainProbability, rainRecipes } from './rain.ts';
import { fitLinear, fitLogistic, type LinearModel } from './regression.ts';
import { isIn } from './season.ts';
import type { FlightDelayWeights, RainWeights } from './weights.ts';

const rainHeldOutFrom = '2015-01-01';
const flightsHeldOutFrom = '2001-03-15';
const flightRidge = 30;
/** One flight nine hours late says little about the next; without a cap it would move an airport's whole model. */
const delayCapMinutes = 180;

/** Trains everything from sim/data: file name in weights/ → contents. Deterministic. */
export function trainAll(): Record<string, RainWeights | FlightDelayWeights> {
  const rain = Object.entries(rainRecipes).map(([version, recipe]) => [`rain-${version}.json`, trainRain(recipe)]);
  return { ...Object.fromEntries(rain), 'flight-delay.json': trainFlightDelay() };
}

/** A day with what came after it, wherever it was seen. */
export type RainExample = Pick<LabelledDay, 'day' | 'rainNextDay'>;

/** Fits a rain recipe to these examples. */
export function fitRain(recipe: RainRecipe, examples: readonly RainExample[]): LinearModel {
  return fitLogistic(
    examples.map(({ day }) => recipe.encode(day)),
    examples.map(({ rainNextDay }) => rainNextDay),
    recipe.ridge,
  );
}

/** Fits a rain recipe to 2012–2014, or one season of it, and measures it on 2015. */
function trainRain(recipe: RainRecipe): RainWeights {
  const days = labelledDays();
  const heldOut = days.filter(({ date }) => date >= rainHeldOutFrom);
  const model = fitRain(
    recipe,
    days.filter(({ date }) => date < rainHeldOutFrom && isIn(recipe.season, date)),
  );
  const probabilities = heldOut.map(({ day }) => rainProbability(recipe, model, day));
  return {
    trainedOn: `sim/data/seattle-weather.csv, ${recipe.season ?? ''} days before ${rainHeldOutFrom}`.replace('  ', ' '),
    features: recipe.features,
    ...model,
    heldOut: quality(
      probabilities,
      heldOut.map(({ rainNextDay }) => rainNextDay),
    ),
  };
}

/** Fits one pair of models per origin to the flights before mid-March and measures them on the rest. */
function trainFlightDelay(): FlightDelayWeights {
  const flights = labelledFlights();
  const seen = flights.filter(({ date }) => date < flightsHeldOutFrom);
  const heldOut = flights.filter(({ date }) => date >= flightsHeldOutFrom);
  const byOrigin = Map.groupBy(seen, ({ origin }) => origin);
  const origins = [...byOrigin].sort(([a], [b]) => (a < b ? -1 : 1));
  const airports = Object.fromEntries(origins.map(([origin, own]) => [origin, trainAirport(own)]));
  const shares = new Map(origins.map(([origin, own]) => [origin, mean(own.map(isLate))]));
  const predictions = heldOut.map(({ origin, flight }) => predictDelay(airports[origin] as AirportModel, flight));
  const labels = heldOut.map(isLate);
  return {
    trainedOn: `sim/data/flights.csv, flights before ${flightsHeldOutFrom}`,
    features: flightFeatures,
    heldOut: {
      late: quality(
        predictions.map(({ late }) => late),
        labels,
      ),
      lateBaseline: quality(
        heldOut.map(({ origin }) => shares.get(origin) ?? 0),
        labels,
      ),
      meanAbsoluteErrorMinutes: mean(
        predictions.map(({ delayMinutes }, i) => Math.abs(delayMinutes - (heldOut[i]?.delayMinutes ?? 0))),
      ),
    },
    airports,
  };
}

function trainAirport(flights: readonly LabelledFlight[]): AirportModel {
  const features = flights.map(({ flight }) => encodeFlight(flight));
  const delays = flights.map(({ delayMinutes }) => Math.min(delayMinutes, delayCapMinutes));
  return {
    rows: flights.length,
    late: fitLogistic(features, flights.map(isLate), flightRidge),
    delayMinutes: fitLinear(features, delays, flightRidge),
  };
}

function isLate({ delayMinutes }: LabelledFlight): 0 | 1 {
  return delayMinutes >= lateFromMinutes ? 1 : 0;
}
