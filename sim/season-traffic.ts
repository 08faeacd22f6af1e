import { parseArgs } from 'node:util';
import { seasonSample } from './models/samples.ts';
import type { Season } from './models/season.ts';
import { randomStream } from './random.ts';

/**
 * Asks the rain model about days of one season, and tells the gateway later whether it rained: what drift is made of. A
 * message `{"season":"summer"}` from the parent process turns the season. Every second it reports how the answers of
 * each version came out against the truth, to the parent when it has one, else as a JSON line.
 *
 *   node sim/season-traffic.ts --url http://127.0.0.1:8080 [--rate 60] [--season winter] [--delay 500] [--seed 1]
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    model: { type: 'string', default: 'rain' },
    rate: { type: 'string', default: '60' },
    season: { type: 'string', default: 'winter' },
    delay: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
});
const { url, model } = values;
const rate = Math.min(1_000, Math.max(0.1, Number(values.rate)));
const delayMs = Math.max(0, Number(values.delay));
const random = randomStream(Number(values.seed), 'season-traffic');
let season: Season = values.season === 'summer' ? 'summer' : 'winter';
let calls = 0;

interface Tally {
  answered: number;
  right: number;
}

const tallies = new Map<string, Tally>();
let failed = 0;
/** Truths that are known by now, each with when it may be told. */
let known: { inferenceId: string; truth: number; at: number }[] = [];

async function send(): Promise<void> {
  const { body, contentType, truth } = seasonSample(random, season);
  calls += 1;
  const inferenceId = `season-${values.seed}-${calls}`;
  const askedIn = season;
  try {
    const response = await fetch(`${url}/v1/models/${model}/invocations`, {
      method: 'POST',
      headers: { 'content-type': contentType, 'x-amzn-sagemaker-inference-id': inferenceId },
      body: new Uint8Array(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    const version = response.headers.get('x-meridian-model-version') ?? 'none';
    const { predictions } = JSON.parse(text) as { predictions: { rain: number }[] };
    const key = `${askedIn} ${version}`;
    const tally = tallies.get(key) ?? { answered: 0, right: 0 };
    tally.answered += 1;
    if ((predictions[0]?.rain ?? 0) >= 0.5 === (truth === 1)) tally.right += 1;
    tallies.set(key, tally);
    known.push({ inferenceId, truth, at: performance.now() + delayMs });
  } catch {
    failed += 1;
  }
}

async function tellTruths(): Promise<void> {
  const due = known.filter(({ at }) => at <= performance.now());
  if (due.length === 0) return;
  known = known.filter(({ at }) => at > performance.now());
  const records = due.map(({ inferenceId, truth }) => ({ inferenceId, truth }));
  try {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ records });
    const response = await fetch(`${url}/v1/feedback`, { method: 'POST', headers, body });
    await response.arrayBuffer();
  } catch {
    // told late, or never, as in life
  }
}

function report(): void {
  const seen = Object.fromEntries(tallies);
  const summary = { season, calls, failed, seen };
  if (process.send === undefined) console.log(JSON.stringify(summary));
  else process.send(summary);
}

process.on('message', (message: { season?: Season }) => {
  if (message.season !== undefined) season = message.season;
});
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
setInterval(report, 1_000);
setInterval(() => void tellTruths(), 250);
setInterval(() => void send(), 1_000 / rate);
