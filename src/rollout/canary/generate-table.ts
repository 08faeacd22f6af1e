import { readFileSync, writeFileSync } from 'node:fs';
import { renderTable, simulateTable } from './table.ts';

// Writes the table of error rates in `docs/canary.md` between its marks. Takes some minutes.
const page = new URL('../../../docs/canary.md', import.meta.url);
const runs = { harmless: 4_000, harmful: 1_000 };
const table = renderTable(simulateTable(runs), runs);
const [before, after] = ['<!-- simulated -->', '<!-- /simulated -->'];
const text = readFileSync(page, 'utf8');
const from = text.indexOf(before) + before.length;
writeFileSync(page, `${text.slice(0, from)}\n\n${table}\n\n${text.slice(text.indexOf(after))}`);
