/** Parts of the year in which Seattle's weather differs most. */
export type Season = 'winter' | 'summer';

const months: Readonly<Record<Season, readonly number[]>> = { winter: [11, 12, 1, 2], summer: [6, 7, 8, 9] };

/** Whether a date, as the data has it (`2014-11-03`), is in a season; every date is in none given. */
export function isIn(season: Season | undefined, date: string): boolean {
  return season === undefined || months[season].includes(Number(date.slice(5, 7)));
}
