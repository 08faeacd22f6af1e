import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openArena } from './arena.ts';
import { contestants } from './contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { table } from './report.ts';

/** The parts of V8's `.cpuprofile` that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly endTime: number;
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where the CPU time of a server goes: `npm run profile -- [NAME]`, by library and by function, own time only. */
const name = process.argv[2] ?? 'gateway';
const [warmSeconds, seconds] = [5, 10];
const arena = await openArena(
  contestants.filter(each => each.name === name),
  ['--cpu-prof', '--cpu-prof-interval', '250'],
);
const entrant = arena.entrants[0];
if (entrant === undefined) throw new Error(`no contestant ${name}`);
await saturate(entrant.aim, warmSeconds);
const cpuUs = entrant.server.cpuUs();
const { answered } = await saturate(entrant.aim, seconds);
const usPerRequest = (entrant.server.cpuUs() - cpuUs) / answered;
await arena.stop();

const file = readdirSync(arena.dir).find(each => each.endsWith('.cpuprofile'));
if (file === undefined) throw new Error(`${name} left no profile`);
const profile: CpuProfile = JSON.parse(readFileSync(join(arena.dir, file), 'utf8'));
const own = ownTimes(profile, warmSeconds * 1e6);
const busy = [...own.values()].reduce((sum, us) => sum + us, 0);

console.log(`${name}: ${usPerRequest.toFixed(0)} µs of CPU per request while profiled`);
console.log(`\n${ranking('by library', 14, where => where.split(' ')[0] ?? '')}`);
console.log(`\n${ranking('by file', 40, where => where.split(' ').slice(0, 2).join(' '))}`);
console.log(`\n${ranking('by function', 50, where => where)}`);

/** Own µs by `library file:function`, from `skipUs` after the start on; idle time left out. */
function ownTimes({ nodes, samples, timeDeltas }: CpuProfile, skipUs: number): Map<string, number> {
  const names = new Map(nodes.map(node => [node.id, placeOf(node.callFrame)]));
  const times = new Map<string, number>();
  let at = 0;
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    at += us;
    const place = names.get(id) ?? '?';
    if (at > skipUs && !place.endsWith('(idle)')) times.set(place, (times.get(place) ?? 0) + us);
  }
  return times;
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const work = functionName || `line ${lineNumber + 1}`;
  if (url === '') return `V8 - ${work}`;
  if (url.startsWith('node:')) return `node ${url} ${work}`;
  const [, library, rest] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url) ?? [];
  if (library !== undefined) return `${library} ${rest} ${work}`;
  return `own ${url.slice(url.indexOf('/src/') + 1)} ${work}`;
}

function ranking(title: string, most: number, key: (place: string) => string): string {
  const sums = new Map<string, number>();
  for (const [place, us] of own) sums.set(key(place), (sums.get(key(place)) ?? 0) + us);
  const ranked = [...sums].sort((a, b) => b[1] - a[1]).slice(0, most);
  return table(
    [title, '%', 'µs/request'],
    ranked.map(([place, us]) => [place, ((us / busy) * 100).toFixed(1), ((us / busy) * usPerRequest).toFixed(1)]),
  );
}
