import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, openArena } from './arena.ts';
import { contestants, rowNames } from './contestants.ts';
import { measure, type Plan } from './measure.ts';
import { replaceBetween, report } from './report.ts';
import { goals, summarise, toJson } from './results.ts';

const usage = `Usage: npm run bench -- [--quick] [--json FILE] [--only NAME,NAME]

Measures ${rowNames.join(', ')}, and writes the table in docs/performance.md
(some 15 minutes).

  --quick        CPU and latency at 200 requests/s only, in short rounds (3 minutes); docs stay as they are
  --json FILE    write the figures there
  --only NAMES   measure only these; docs stay as they are
  --trial        one round of moments, to see that everything runs; the figures mean nothing`;

const full: Plan = { rounds: 5, warmSeconds: 5, saturateSeconds: 6, rates: [200, 1_000], latencySeconds: 10 };
const quick: Plan = { rounds: 5, warmSeconds: 2, saturateSeconds: 2, rates: [200], latencySeconds: 2.5 };
const trial: Plan = { rounds: 1, warmSeconds: 0.3, saturateSeconds: 0.5, rates: [200], latencySeconds: 0.5 };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    trial: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else await run();

async function run(): Promise<void> {
  const plan = values.trial ? trial : values.quick ? quick : full;
  const named = values.only?.split(',');
  const chosen = contestants.filter(({ name }) => named === undefined || named.includes(name));
  const arena = await openArena(chosen);
  try {
    const samples = await measure(arena, plan, line => console.error(line));
    const details = summarise(rowNames, samples);
    const text = report(machine(), plan.rounds, details, goals(details));
    console.log(`\n${text}`);
    if (values.json !== undefined) writeFileSync(fromCaller(values.json), toJson(machine(), details));
    if (plan === full && named === undefined) writeDocs(text);
  } finally {
    await arena.stop();
  }
}

/** npm runs scripts in the package's folder; the path was meant from where the command was typed. */
function fromCaller(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', path);
}

function writeDocs(text: string): void {
  const page = join(import.meta.dirname, '../docs/performance.md');
  writeFileSync(page, replaceBetween(readFileSync(page, 'utf8'), 'bench', text));
}
