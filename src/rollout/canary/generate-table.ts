import { readFileSync, writeFileSync } from 'node:fs';
import {
  renderClimbs,
  renderSessions,
  renderTable,
  simulateClimbs,
  simulateSessionTable,
  simulateTable,
} from './table.ts';

// Writes the tables of error rates in `docs/canary.md` between their marks. Takes some minutes.
const page = new URL('../../../docs/canary.md', import.meta.url);
const runs = { harmless: 4_000, harmful: 1_000, climbs: 1_000, sessions: { harmless: 1_000, harmful: 100 } };

function between(text: string, name: string, table: string): string {
  const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(before) + before.length;
  return `${text.slice(0, from)}\n\n${table}\n\n${text.slice(text.indexOf(after))}`;
}

const tables = {
  simulated: renderTable(simulateTable(runs), runs),
  climbs: renderClimbs(simulateClimbs(runs.climbs), runs.climbs),
  sessions: renderSessions(simulateSessionTable(runs.sessions)),
};
const text = Object.entries(tables).reduce(
  (all, [name, table]) => between(all, name, table),
  readFileSync(page, 'utf8'),
);
writeFileSync(page, text);
