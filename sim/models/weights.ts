import { readFileSync } from 'node:fs';
import { type AirportModel, flightFeatures } from './flight-delay.ts';
import type { Quality } from './metrics.ts';
import { type RainVersion, rainRecipes } from './rain.ts';
import type { LinearModel } from './regression.ts';

/** `weights/rain-v*.json`, written by train.ts. */
export interface RainWeights extends LinearModel {
  readonly trainedOn: string;
  readonly features: readonly string[];
  /**
   * Quality on 2015, which fitting did not see, through the version's serving code. The features and the fault of v3 were
   * chosen among several with these figures in view, so they flatter v2 a little.
   */
  readonly heldOut: Quality;
}

/** `weights/flight-delay.json`, written by train.ts. */
export interface FlightDelayWeights {
  readonly trainedOn: string;
  readonly features: readonly string[];
  /** By IATA code of the origin. */
  readonly airports: Readonly<Record<string, AirportModel>>;
  /** On flights that fitting did not see; features and penalty were chosen with these figures in view. */
  readonly heldOut: {
    readonly late: Quality;
    /** The same flights, each given its airport's share of late flights. */
    readonly lateBaseline: Quality;
    readonly meanAbsoluteErrorMinutes: number;
  };
}

export const weightsFolder = new URL('weights/', import.meta.url);

/** The committed weights of a rain version. Throws when they were trained for other features. */
export function loadRainWeights(version: RainVersion): RainWeights {
  const weights: RainWeights = read(`rain-${version}.json`);
  return checked(weights, rainRecipes[version].features);
}

/** The committed weights of every airport. Throws when they were trained for other features. */
export function loadFlightDelayWeights(): FlightDelayWeights {
  const weights: FlightDelayWeights = read('flight-delay.json');
  return checked(weights, flightFeatures);
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, weightsFolder), 'utf8'));
}

function checked<T extends { features: readonly string[] }>(weights: T, features: readonly string[]): T {
  if (weights.features.join() !== features.join()) {
    throw new Error('weights do not fit the features of the code: run node sim/models/train.ts');
  }
  return weights;
}
