import { type Fields, readLocalTime, readNumber } from './fields.ts';
import { type LinearModel, probability } from './regression.ts';
import type { Season } from './season.ts';

/** One day's weather in Seattle, from which to tell whether it will rain on the next. */
export interface Day {
  /** Days since 1 January. */
  readonly dayOfYear: number;
  /** mm */
  readonly precipitation: number;
  /** °C */
  readonly tempMax: number;
  /** °C */
  readonly tempMin: number;
  /** In the unit of the data. */
  readonly wind: number;
}

/** How a version sees a day. Features are named in the weights, so that weights of another recipe are refused. */
export interface RainRecipe {
  readonly features: readonly string[];
  encode(day: Day): number[];
  /** What the serving code does to a day first, and training does not: a skew. */
  readonly servingSkew?: (day: Day) => Day;
  readonly ridge: number;
  /** The only part of the year it was trained on. */
  readonly season?: Season;
}

export const rainColumns = ['date', 'precipitation', 'temp_max', 'temp_min', 'wind'] as const;

/** Reads a day from a request or from the data file. Throws `BadInput`. */
export function readDay(fields: Fields): Day {
  return {
    dayOfYear: readLocalTime(fields, 'date').dayOfYear,
    precipitation: readNumber(fields, 'precipitation', 0, 2_000),
    tempMax: readNumber(fields, 'temp_max', -100, 150),
    tempMin: readNumber(fields, 'temp_min', -100, 150),
    wind: readNumber(fields, 'wind', 0, 500),
  };
}

/** Kept poor on purpose: with temp_max it would come close to v2, and a canary would take long to tell them apart. */
const simple: RainRecipe = {
  features: ['precipitation', 'wind'],
  encode: day => [day.precipitation, day.wind],
  ridge: 5,
};

const seasonal: RainRecipe = {
  features: [
    ...['log precipitation', 'wet', 'temp_max', 'temp_min', 'wind', 'sin year', 'cos year', 'sin half-year'],
    ...['cos half-year', 'wet × temp_min', 'temp_max × wind', 'wet × temperature range'],
  ],
  encode: encodeSeasonal,
  ridge: 5,
};

export const rainRecipes = {
  v1: simple,
  v2: seasonal,
  /**
   * The broken one: its serving code takes the temperatures for kelvins and "converts" them. It never fails, and promises
   * no rain at all. A lesser fault would not do: v2 and v1, which are both right, predict nearly as unlike each other.
   */
  v3: { ...seasonal, servingSkew: celsiusMistakenForKelvin },
  /** Knows winters alone, and carries what it learned of them into summer, where it promises rain on most dry days. */
  winter: { ...seasonal, season: 'winter' },
} satisfies Record<string, RainRecipe>;

export type RainVersion = keyof typeof rainRecipes;

/** Probability that it rains on the day after `day`, as the version would serve it. */
export function rainProbability(recipe: RainRecipe, model: LinearModel, day: Day): number {
  return probability(model, recipe.encode(recipe.servingSkew?.(day) ?? day));
}

function encodeSeasonal(day: Day): number[] {
  const { precipitation, tempMax, tempMin, wind } = day;
  const wet = precipitation > 0 ? 1 : 0;
  const season = (2 * Math.PI * day.dayOfYear) / 365.25;
  return [
    ...[Math.log1p(precipitation), wet, tempMax, tempMin, wind],
    ...[Math.sin(season), Math.cos(season), Math.sin(2 * season), Math.cos(2 * season)],
    ...[wet * tempMin, tempMax * wind, wet * (tempMax - tempMin)],
  ];
}

const kelvinAtZeroCelsius = 273.15;

function celsiusMistakenForKelvin(day: Day): Day {
  return { ...day, tempMax: day.tempMax - kelvinAtZeroCelsius, tempMin: day.tempMin - kelvinAtZeroCelsius };
}
