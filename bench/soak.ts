import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine, openArena } from './arena.ts';
import { contestants } from './contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { replaceBetween, table } from './report.ts';
import { slope } from './statistics.ts';

/** A million requests to the gateway, as fast as it answers; memory after every 10,000. `--trial`: a hundredth of it. */
const trial = process.argv.includes('--trial');
const total = trial ? 10_000 : 1_000_000;
const step = total / 100;
/** The first half may still fill buffers and caches; a leak of 20 bytes per request shows in the second. */
const [maxMb, maxSlopeMbPerMillion] = [200, 20];

const arena = await openArena(contestants.filter(({ name }) => name === 'gateway'));
const entrant = arena.entrants[0];
if (entrant === undefined) throw new Error('no gateway');
const start = performance.now();
const points: (readonly [millions: number, mb: number])[] = [];
const lines: string[][] = [];
for (let sent = step; sent <= total; sent += step) {
  await saturate(entrant.aim, 120, { most: step });
  const mb = entrant.server.rssMb();
  points.push([sent / 1e6, mb]);
  if (points.length % 10 !== 0) continue;
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  lines.push([sent.toLocaleString('en-US'), seconds, mb.toFixed(0)]);
  console.error(`${sent} requests, ${seconds} s, ${mb.toFixed(0)} MB`);
}
await arena.stop();

const most = Math.max(...points.map(([, mb]) => mb));
const growth = slope(points.slice(points.length / 2));
const verdict = (value: number, max: number, unit: string) =>
  `${value.toFixed(0)} ${unit} (limit ${max}) ${value <= max ? '✓' : '✗'}`;
const text = [
  `Measured on: ${machine()}; ${total.toLocaleString('en-US')} requests, 32 at a time.`,
  table(['requests', 'seconds', 'memory MB'], lines),
  `Most memory ${verdict(most, maxMb, 'MB')}; slope of the second half ${verdict(growth, maxSlopeMbPerMillion, 'MB per million requests')}.`,
].join('\n\n');
console.log(`\n${text}`);

const page = join(import.meta.dirname, '../docs/performance.md');
if (!trial) writeFileSync(page, replaceBetween(readFileSync(page, 'utf8'), 'soak', text));
