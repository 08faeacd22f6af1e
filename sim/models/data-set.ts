import { readFileSync } from 'node:fs';
import type { Fields } from './fields.ts';
import { type Flight, readFlight } from './flight-delay.ts';
import { type Day, rainColumns, readDay } from './rain.ts';
import { parseCsv } from './request-body.ts';

/** A day and what came after it. */
export interface LabelledDay {
  readonly date: string;
  readonly day: Day;
  /** 1 when the next day had any precipitation. */
  readonly rainNextDay: 0 | 1;
}

/** A flight that took place. */
export interface LabelledFlight {
  readonly date: string;
  readonly origin: string;
  readonly flight: Flight;
  readonly delayMinutes: number;
}

const folder = new URL('../data/', import.meta.url);

/** Seattle's days as text, in order of date. */
export function weatherRows(): Record<string, string>[] {
  return rows('seattle-weather.csv', rainColumns);
}

/** Flights as text, in order of date. */
export function flightRows(): Record<string, string>[] {
  return rows('flights.csv', ['date', 'delay', 'distance', 'origin', 'destination']);
}

/** Every day but the last, whose next is not known. */
export function labelledDays(): LabelledDay[] {
  const all = weatherRows().map(row => ({ date: row['date'] ?? '', day: readDay(row) }));
  return all
    .slice(0, -1)
    .map((today, i) => ({ ...today, rainNextDay: (all[i + 1]?.day.precipitation ?? 0) > 0 ? 1 : 0 }));
}

/** Every flight of the data. */
export function labelledFlights(): LabelledFlight[] {
  return flightRows().map(row => ({
    date: row['date'] ?? '',
    origin: row['origin'] ?? '',
    flight: readFlight(row),
    delayMinutes: Number(row['delay']),
  }));
}

function rows(name: string, columns: readonly string[]): Record<string, string>[] {
  const parsed: Fields[] = parseCsv(readFileSync(new URL(name, folder), 'utf8'), columns);
  return parsed as Record<string, string>[];
}
