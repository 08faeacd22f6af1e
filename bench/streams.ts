import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { machine, openArena } from './arena.ts';
import { apiKey, contestants } from './contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { encodedPart, eventsPerStream, heldOpen } from './payload.ts';
import { replaceBetween, table } from './report.ts';
import { median, percentile } from './statistics.ts';

/** Streamed answers through the gateway beside the floor's plain ones, in one run. `--trial`: moments only. */
const trial = process.argv.includes('--trial');
const [rounds, streams, seconds, openStreams] = trial ? [1, 100, 0.5, 50] : [5, 1_500, 4, 1_000];
const [maxEventShare, maxFirstMs] = [0.1, 2];

const arena = await openArena(contestants.filter(({ name }) => name === 'floor' || name === 'gateway'));
const [floor, gateway] = arena.entrants;
if (floor === undefined || gateway === undefined) throw new Error('floor and gateway take part');
const agent = new Agent({ keepAlive: true });

/** Opens one stream; resolves to its head. */
function open(port: number, body = 'x'): Promise<IncomingMessage> {
  const headers = { 'x-api-key': apiKey, 'content-length': body.length };
  const options = { port, host: '127.0.0.1', agent, method: 'POST', headers };
  return new Promise((resolve, reject) => {
    const call = request({ ...options, path: '/endpoints/rain/invocations-response-stream' }, resolve);
    call.on('error', reject).end(body);
  });
}

/** Reads streams one after the other; resolves to the time to each one's first event, ms. */
async function read(port: number, count: number): Promise<number[]> {
  const firstMs: number[] = [];
  for (let stream = 0; stream < count; stream += 1) {
    const start = performance.now();
    let bytes = 0;
    for await (const chunk of await open(port)) {
      if (bytes === 0) firstMs.push(performance.now() - start);
      bytes += chunk.length;
    }
    if (bytes !== encodedPart.length * eventsPerStream) throw new Error(`a stream of ${bytes} bytes`);
  }
  return firstMs;
}

const readers = (port: number, count: number) =>
  Promise.all(Array.from({ length: 16 }, () => read(port, Math.ceil(count / 16))));

await saturate(floor.aim, seconds);
await readers(gateway.aim.port, streams);
const rows: { floorUs: number; eventUs: number; firstMs: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const before = floor.server.cpuUs();
  const plain = await saturate(floor.aim, seconds);
  const floorUs = (floor.server.cpuUs() - before) / plain.answered;
  const cpu = gateway.server.cpuUs();
  await readers(gateway.aim.port, streams);
  const eventUs = (gateway.server.cpuUs() - cpu) / (16 * Math.ceil(streams / 16) * eventsPerStream);
  const bare = percentile(await read(arena.direct.port, streams / 10), 0.5);
  const firstMs = percentile(await read(gateway.aim.port, streams / 10), 0.5) - bare;
  rows.push({ floorUs, eventUs, firstMs });
  console.error(`round ${round + 1} of ${rounds}: floor ${floorUs.toFixed(0)} µs, event ${eventUs.toFixed(1)} µs`);
}
const memory = gateway.server.rssMb();
const held = await Promise.all(Array.from({ length: openStreams }, () => open(gateway.aim.port, heldOpen)));
const good = held.filter(answer => answer.statusCode === 200).length;
if (good < openStreams) throw new Error(`only ${good} of ${openStreams} streams were opened`);
const kbPerStream = ((gateway.server.rssMb() - memory) * 1_024) / openStreams;
for (const answer of held) answer.destroy();
await arena.stop();

const of = (pick: (row: (typeof rows)[number]) => number) => median(rows.map(pick));
const share = of(row => row.eventUs / row.floorUs);
const first = of(row => row.firstMs);
const mark = (reached: boolean) => (reached ? '✓' : '✗');
const text = [
  `Measured on: ${machine()}; medians of ${rounds} rounds of ${streams} streams of ${eventsPerStream} events.`,
  table(
    ['', 'measured', 'limit', ''],
    [
      ['CPU of one event, µs', of(row => row.eventUs).toFixed(1), '', ''],
      [
        '… as a share of a plain call of the floor',
        share.toFixed(3),
        `≤ ${maxEventShare}`,
        mark(share <= maxEventShare),
      ],
      ['first event, added p50, ms', first.toFixed(2), `≤ ${maxFirstMs}`, mark(first <= maxFirstMs)],
      [`memory of one of ${openStreams} open streams, kB`, kbPerStream.toFixed(0), '', ''],
    ],
  ),
].join('\n\n');
console.log(`\n${text}`);
const page = join(import.meta.dirname, '../docs/performance.md');
if (!trial) writeFileSync(page, replaceBetween(readFileSync(page, 'utf8'), 'streams', text));
process.exit(); // connections of open streams would hold it
