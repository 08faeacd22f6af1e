import { flightRows, labelledDays, weatherRows } from './data-set.ts';
import { flightColumns } from './flight-delay.ts';
import { rainColumns } from './rain.ts';
import { isIn, type Season } from './season.ts';

/** A request body as a client would send it. */
export interface Sample {
  readonly body: Buffer;
  readonly contentType: string;
}

type Row = Readonly<Record<string, string>>;

/** One request in five is CSV, one in five asks for a week at once. */
const csvShare = 0.2;
const weekShare = 0.2;
const daysOfWeek = 7;

const days = weatherRows();
interface LabelledRow {
  readonly row: Row;
  readonly rainNextDay: 0 | 1;
}
const labelledRows: readonly LabelledRow[] = labelledDays().map(({ rainNextDay }, i) => ({
  row: days[i] as Row,
  rainNextDay,
}));
const inSeason = (season: Season) => labelledRows.filter(({ row }) => isIn(season, row['date'] ?? ''));
const bySeason: Readonly<Record<Season, readonly LabelledRow[]>> = {
  winter: inSeason('winter'),
  summer: inSeason('summer'),
};
const flights = flightRows();

/** Asks for the day after one real day in Seattle, or for a week of them; JSON or CSV. */
export function rainSample(random: () => number): Sample {
  const count = random() < weekShare ? daysOfWeek : 1;
  const start = Math.floor(random() * (days.length - count + 1));
  return encode(days.slice(start, start + count), rainColumns, random);
}

/** A day of a season, asked for alone, and whether it rained on the next. */
export function seasonSample(random: () => number, season: Season): Sample & { readonly truth: 0 | 1 } {
  const own = bySeason[season];
  const { row, rainNextDay } = own[Math.floor(random() * own.length)] as LabelledRow;
  return { ...encode([row], rainColumns, () => 1), truth: rainNextDay };
}

/** Asks about one real flight, with the target model of its origin. */
export function flightDelaySample(random: () => number): Sample & { readonly targetModel: string } {
  const flight = flights[Math.floor(random() * flights.length)] as Row;
  return { ...encode([flight], flightColumns, random), targetModel: `${flight['origin']}.tar.gz` };
}

function encode(rows: readonly Row[], columns: readonly string[], random: () => number): Sample {
  if (random() < csvShare) {
    const lines = rows.map(row => columns.map(column => row[column]).join(','));
    return { body: Buffer.from([columns.join(','), ...lines, ''].join('\n')), contentType: 'text/csv' };
  }
  const instances = rows.map(row => Object.fromEntries(columns.map(column => [column, typed(row[column] ?? '')])));
  return { body: Buffer.from(JSON.stringify({ instances })), contentType: 'application/json' };
}

/** Numbers as numbers, dates and airports as text. */
function typed(cell: string): string | number {
  const number = Number(cell);
  return Number.isNaN(number) ? cell : number;
}
