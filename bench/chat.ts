import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine, openArena } from './arena.ts';
import { chatContestants } from './chat-contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { replaceBetween, table } from './report.ts';
import { median } from './statistics.ts';

/** Chat completions: CPU of the gateway, which translates and signs, beside Portkey's. `--trial`: moments only. */
const trial = process.argv.includes('--trial');
const [rounds, warmSeconds, seconds] = trial ? [1, 0.5, 0.5] : [5, 5, 4];
const leastRatio = 3;

const arena = await openArena(chatContestants);
const cpuUs = new Map<string, number[]>(arena.entrants.map(({ contestant }) => [contestant.name, []]));
for (const { aim } of arena.entrants) await saturate(aim, warmSeconds);
for (let round = 0; round < rounds; round += 1) {
  const turn = round % arena.entrants.length;
  for (const entrant of [...arena.entrants.slice(turn), ...arena.entrants.slice(0, turn)]) {
    const { contestant, server, aim } = entrant;
    const servedBefore = await arena.served();
    const before = server.cpuUs();
    const { answered, wrong } = await saturate(aim, seconds);
    if (wrong[0] !== undefined) throw new Error(`${contestant.name} answered ${wrong[0]}`);
    const served = (await arena.served()) - servedBefore;
    if (served < answered) throw new Error(`${contestant.name}: the upstream saw ${served} of ${answered} chats`);
    cpuUs.get(contestant.name)?.push((server.cpuUs() - before) / answered);
  }
  const shown = [...cpuUs].map(([name, values]) => `${name} ${values.at(-1)?.toFixed(0)} µs`);
  console.error(`round ${round + 1} of ${rounds}: ${shown.join(', ')}`);
}
await arena.stop();

const of = (name: string) => median(cpuUs.get(name) ?? []);
/** Round by round, as a machine that is busy with something else is so for all in one round. */
const beside = (name: string) =>
  median((cpuUs.get(name) ?? []).map((us, round) => us / (cpuUs.get('gateway')?.[round] ?? Number.NaN)));
const ratio = beside('portkey');
const says: Readonly<Record<string, string>> = {
  gateway: 'to Converse and back, signed, routed, metered, logged',
  portkey: 'in front of a server of OpenAI’s protocol: nothing to translate or sign',
  'portkey-bedrock': 'to Converse and back, signed',
};
const text = [
  `Measured on: ${machine()}; medians of ${rounds} rounds.`,
  table(
    ['', 'CPU µs/chat', '× gateway', ''],
    [...cpuUs.keys()].map(name => [name, of(name).toFixed(0), beside(name).toFixed(2), says[name] ?? '']),
  ),
  `portkey / gateway: ${ratio.toFixed(2)}, goal ≥ ${leastRatio} ${ratio >= leastRatio ? '✓' : '✗'}`,
].join('\n\n');
console.log(`\n${text}`);
const page = join(import.meta.dirname, '../docs/performance.md');
if (!trial) writeFileSync(page, replaceBetween(readFileSync(page, 'utf8'), 'chat', text));
