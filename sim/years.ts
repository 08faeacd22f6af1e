import { weatherRows } from './models/data-set.ts';
import { rainColumns } from './models/rain.ts';
import type { Simulator } from './simulator.ts';

/**
 * Puts Seattle's days into every region's bucket, a year an object: `years/2012.csv`, without a header, as a transform
 * job hands lines to its model. Something to score in batches.
 */
export function putYears(simulator: Pick<Simulator, 'urls' | 'objects'>): void {
  const years = new Map<string, string[]>();
  for (const row of weatherRows()) {
    const year = row['date']?.slice(0, 4) ?? '';
    const line = rainColumns.map(column => row[column]).join(',');
    years.set(year, [...(years.get(year) ?? []), line]);
  }
  for (const region of Object.keys(simulator.urls)) {
    const objects = simulator.objects(region);
    for (const bucket of objects.buckets())
      for (const [year, lines] of years) {
        const head = { contentType: 'text/csv', metadata: {} };
        objects.put(bucket, `years/${year}.csv`, Buffer.from(`${lines.join('\n')}\n`), head);
      }
  }
}
