import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { machine, openArena } from './arena.ts';
import { contestants } from './contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { pauseMs } from './measure.ts';
import { replaceBetween, table } from './report.ts';
import { slope } from './statistics.ts';

/** A million requests to the gateway, as fast as it answers; memory after every 10,000. `--trial`: a hundredth of it. */
const trial = process.argv.includes('--trial');
const total = trial ? 10_000 : 1_000_000;
const step = total / 100;
/** It ends there, done or not. */
const mostMs = 3_600_000;
/** The first half may still fill buffers and caches; a leak of 20 bytes per request shows in the second. */
const [maxMb, maxSlopeMbPerMillion] = [200, 20];

const arena = await openArena(contestants.filter(({ name }) => name === 'gateway'));
const entrant = arena.entrants[0];
if (entrant === undefined) throw new Error('no gateway');
const start = performance.now();
const points: (readonly [millions: number, mb: number])[] = [];
const lines: string[][] = [];
let [answered, wrong] = [0, 0];
while (answered < total && performance.now() - start < mostMs) {
  const run = await saturate(entrant.aim, 120, { most: step });
  answered += run.answered;
  wrong += run.wrong.length;
  if (wrong > total / 1_000) throw new Error(`${wrong} wrong answers, the last: ${run.wrong.at(-1)}`);
  if (run.wrong.length > 0) await sleep(pauseMs);
  const mb = entrant.server.rssMb();
  points.push([answered / 1e6, mb]);
  if (answered < (lines.length + 1) * (total / 10)) continue;
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  lines.push([answered.toLocaleString('en-US'), seconds, mb.toFixed(0)]);
  console.error(`${answered} requests, ${seconds} s, ${mb.toFixed(0)} MB`);
}
await arena.stop();

const most = Math.max(...points.map(([, mb]) => mb));
const growth = slope(points.slice(Math.floor(points.length / 2)));
const verdict = (value: number, max: number, unit: string) =>
  `${value.toFixed(0)} ${unit} (limit ${max}) ${value <= max ? '✓' : '✗'}`;
const text = [
  `Measured on: ${machine()}; ${answered.toLocaleString('en-US')} requests, 32 at a time; ${wrong} answered wrongly.`,
  table(['requests', 'seconds', 'memory MB'], lines),
  `Most memory ${verdict(most, maxMb, 'MB')}; slope of the second half ${verdict(growth, maxSlopeMbPerMillion, 'MB per million requests')}.`,
].join('\n\n');
console.log(`\n${text}`);

const page = join(import.meta.dirname, '../docs/performance.md');
if (!trial) writeFileSync(page, replaceBetween(readFileSync(page, 'utf8'), 'soak', text));
