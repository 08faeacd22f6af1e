/**
 * Writes Seattle's days as CSV with what a version of the rain model says of each, and what came: the data that the
 * shipped baselines are made of (docs/drift.md).
 *
 *   node sim/models/scored-days.ts v1 > days.csv
 */
import { pathToFileURL } from 'node:url';
import { labelledDays } from './data-set.ts';
import { type RainRecipe, type RainVersion, rainProbability, rainRecipes } from './rain.ts';
import { isIn } from './season.ts';
import { loadRainWeights } from './weights.ts';

/** Every day but the last, of the season that the version was trained on. */
export function scoredDays(version: RainVersion): string {
  const weights = loadRainWeights(version);
  const recipe: RainRecipe = rainRecipes[version];
  const days = labelledDays().filter(({ date }) => isIn(recipe.season, date));
  const lines = days.map(({ date, day, rainNextDay }) => {
    const forecast = rainProbability(recipe, weights, day).toFixed(4);
    return [date, day.precipitation, day.tempMax, day.tempMin, day.wind, Number(forecast), rainNextDay].join(',');
  });
  return ['date,precipitation,temp_max,temp_min,wind,forecast,rain_next_day', ...lines, ''].join('\n');
}

const [, script = '', version = ''] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  if (!Object.hasOwn(rainRecipes, version)) throw new Error(`Name a version: ${Object.keys(rainRecipes).join(', ')}.`);
  process.stdout.write(scoredDays(version as RainVersion));
}
