import { parseArgs } from 'node:util';
import { flightDelaySample, rainSample } from './models/samples.ts';
import { randomStream } from './random.ts';

/**
 * A gentle stream of real requests against a gateway, for the demo. Every second it reports what it saw, to the
 * parent process when it has one, else as a JSON line.
 *
 *   node sim/traffic.ts --url http://127.0.0.1:8080 [--rate 20] [--seed 1]
 */
const { values } = parseArgs({
  options: { url: { type: 'string' }, rate: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const url = values.url ?? 'http://127.0.0.1:8080';
const rate = Math.min(1_000, Math.max(0.1, Number(values.rate)));
const random = randomStream(Number(values.seed), 'traffic');
/** One request in ten asks for a flight; one in four rain requests repeats an earlier one, as real callers do. */
const flightShare = 0.1;
const repeatShare = 0.25;
const remembered = 50;

interface Seen {
  requests: number;
  answered: number;
  byModel: number;
  cacheHits: number;
  latenciesMs: number[];
}

const nothing = (): Seen => ({ requests: 0, answered: 0, byModel: 0, cacheHits: 0, latenciesMs: [] });
let seen = nothing();
const recent: ReturnType<typeof rainSample>[] = [];

function nextRain(): ReturnType<typeof rainSample> {
  const repeated = recent[Math.floor(random() * recent.length)];
  if (repeated !== undefined && random() < repeatShare) return repeated;
  const sample = rainSample(random);
  recent.push(sample);
  if (recent.length > remembered) recent.shift();
  return sample;
}

async function send(): Promise<void> {
  const flight = random() < flightShare ? flightDelaySample(random) : undefined;
  const sample = flight ?? nextRain();
  const model = flight === undefined ? 'rain' : 'flight-delay';
  const startedAt = performance.now();
  let into = seen;
  try {
    const response = await fetch(`${url}/v1/models/${model}/invocations`, {
      method: 'POST',
      headers: {
        'content-type': sample.contentType,
        ...(flight !== undefined && { 'x-amzn-sagemaker-target-model': flight.targetModel }),
      },
      body: new Uint8Array(sample.body),
    });
    await response.arrayBuffer();
    const cache = response.headers.get('x-meridian-cache');
    const fallback = response.headers.get('x-meridian-fallback');
    into = seen; // counted in the second in which it ended
    if (response.ok) into.answered += 1;
    if (response.ok && (fallback === 'none' || fallback === 'model')) into.byModel += 1;
    if (cache === 'hit' || cache === 'stale' || cache === 'coalesced') into.cacheHits += 1;
  } catch {
    into = seen; // a request without an answer
  }
  into.requests += 1;
  into.latenciesMs.push(performance.now() - startedAt);
}

function report(): void {
  const sorted = seen.latenciesMs.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const { requests, answered, byModel, cacheHits } = seen;
  const summary = { requests, answered, byModel, cacheHits, p50Ms: at(0.5), p99Ms: at(0.99) };
  if (process.send === undefined) console.log(JSON.stringify(summary));
  else process.send(summary);
  seen = nothing();
}

process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
setInterval(report, 1_000);
setInterval(() => void send(), 1_000 / rate);
