import { type Fields, readLocalTime, readNumber } from './fields.ts';
import { type LinearModel, linearScore, probability } from './regression.ts';

/** A flight about to leave the airport whose model is asked. */
export interface Flight {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Local hour of day with a fraction. */
  readonly hour: number;
  readonly distanceMiles: number;
}

/** One airport's model. */
export interface AirportModel {
  /** Flights it was trained on. */
  readonly rows: number;
  readonly late: LinearModel;
  readonly delayMinutes: LinearModel;
}

/** The regulator's word for late (14 CFR 234.2): 15 minutes or more. */
export const lateFromMinutes = 15;

/** A destination may be sent and is not used: with it, log loss on held-out flights was worse. */
export const flightColumns = ['date', 'distance', 'destination'] as const;

export const flightFeatures = ['hours since 4 am', 'hours²', 'hours past 9 pm', 'distance', 'sin week', 'cos week'];

/** Reads a flight from a request or from the data file. Throws `BadInput`. */
export function readFlight(fields: Fields): Flight {
  const { weekday, hour } = readLocalTime(fields, 'date');
  return { weekday, hour, distanceMiles: readNumber(fields, 'distance', 0, 12_500) };
}

/** What a model sees of a flight. The day starts at 4 am, because flights after midnight are yesterday's late ones. */
export function encodeFlight(flight: Flight): number[] {
  const hours = (flight.hour + 20) % 24;
  const week = (2 * Math.PI * flight.weekday) / 7;
  return [hours, hours ** 2, Math.max(0, hours - 17), flight.distanceMiles / 1_000, Math.sin(week), Math.cos(week)];
}

/** Expected delay (minutes, negative when early) and the probability of being late. */
export function predictDelay(model: AirportModel, flight: Flight): { delayMinutes: number; late: number } {
  const features = encodeFlight(flight);
  return { delayMinutes: linearScore(model.delayMinutes, features), late: probability(model.late, features) };
}
