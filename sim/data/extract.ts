/**
 * Copies what the simulator's models learn from out of the `vega-datasets` package into this folder.
 * Run `node sim/data/extract.ts` after changing the package's version; see README.md for sources and licences.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface FlightRow {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

/** One model per origin airport: the busiest ones, which have a few hundred flights each. */
const airports = 20;
const source = new URL('../../node_modules/vega-datasets/data/', import.meta.url);

/** Every file of this folder that comes from the package: name → contents. */
export function extractData(): Record<string, string> {
  const flights: FlightRow[] = JSON.parse(read('flights-20k.json'));
  return { 'seattle-weather.csv': read('seattle-weather.csv'), 'flights.csv': flightsCsv(flights) };
}

/** Flights from the busiest airports in the order of the source, with ISO dates. */
function flightsCsv(flights: readonly FlightRow[]): string {
  const kept = busiest(flights);
  const lines = flights
    .filter(flight => kept.has(flight.origin))
    .map(({ date, delay, distance, origin, destination }) => {
      const isoDate = date.replaceAll('/', '-').replace(' ', 'T');
      return `${isoDate},${delay},${distance},${origin},${destination}`;
    });
  return `${['date,delay,distance,origin,destination', ...lines].join('\n')}\n`;
}

function busiest(flights: readonly FlightRow[]): Set<string> {
  const counts = new Map<string, number>();
  for (const { origin } of flights) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  const ordered = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a.localeCompare(b, 'en'));
  return new Set(ordered.slice(0, airports).map(([origin]) => origin));
}

function read(name: string): string {
  return readFileSync(new URL(name, source), 'utf8');
}

if (import.meta.main) {
  for (const [name, contents] of Object.entries(extractData())) {
    writeFileSync(new URL(name, import.meta.url), contents);
    console.log(`${name}: ${contents.length} bytes`);
  }
}
