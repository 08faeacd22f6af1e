import { readFileSync, writeFileSync } from 'node:fs';
import { renderClimbs, renderTable, simulateClimbs, simulateTable } from './table.ts';

// Writes the tables of error rates in `docs/canary.md` between their marks. Takes some minutes.
const page = new URL('../../../docs/canary.md', import.meta.url);
const runs = { harmless: 4_000, harmful: 1_000, climbs: 1_000 };

function between(text: string, name: string, table: string): string {
  const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(before) + before.length;
  return `${text.slice(0, from)}\n\n${table}\n\n${text.slice(text.indexOf(after))}`;
}

const first = between(readFileSync(page, 'utf8'), 'simulated', renderTable(simulateTable(runs), runs));
writeFileSync(page, between(first, 'climbs', renderClimbs(simulateClimbs(runs.climbs), runs.climbs)));
