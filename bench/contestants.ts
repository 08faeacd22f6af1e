import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAiQuestion, question, wireRequest } from './payload.ts';
import { type Pair, signedRequest } from './signed-request.ts';

export const rowNames = [
  'unsigned',
  'floor',
  'gateway',
  'gateway-signed',
  'gateway-monitored',
  'gateway-cached',
  'portkey',
  'sdk',
] as const;
export type RowName = (typeof rowNames)[number];

/** Where one server under test finds itself, the upstream and a folder for its files. */
export interface Place {
  readonly port: number;
  readonly upstreamPort: number;
  readonly dir: string;
}

/** A server under test. */
export interface Contestant {
  readonly name: RowName;
  /** Arguments of `node`. */
  args(place: Place): string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The request it is sent, as bytes; made anew for each measurement. */
  request(place: Place): Buffer;
  /** Whether its answers come from its own cache, not from the upstream. */
  readonly cached: boolean;
}

const file = (path: string) => join(import.meta.dirname, path);
const invocation = wireRequest('/endpoints/rain/invocations', {}, question);
/** What the gateway's callers send. */
export const apiKey = 'bench-key';
const pair: Pair = { id: 'BENCHPAIR', secret: 'bench-secret-of-a-caller' };
const withKey = wireRequest('/endpoints/rain/invocations', { 'x-api-key': apiKey }, question);

function plain(name: RowName, script: string): Contestant {
  const args = ({ port, upstreamPort }: Place) => [file(script), String(port), String(upstreamPort)];
  return { name, args, request: () => invocation, cached: false };
}

const startWords: readonly string[] = JSON.parse(readFileSync(file('../package.json'), 'utf8')).scripts.start.split(
  ' ',
);
const startsNode = startWords.indexOf('node');
/** The environment of `npm start`. */
export const startEnv = Object.fromEntries(startWords.slice(0, startsNode).map(word => word.split('=')));
/** What `npm start` runs, its paths made absolute. */
export const startArgs = startWords
  .slice(startsNode + 1)
  .map(word => (word.startsWith('src/') ? file(`../${word}`) : word));

/** The product as a user runs it: API key, three targets, breaker, metrics, every access line to a file. */
function gateway(name: RowName, model: object, cached: boolean, request = () => withKey): Contestant {
  return {
    name,
    cached,
    request,
    env: startEnv,
    args(place) {
      const config = join(place.dir, `${name}.yaml`);
      writeFileSync(config, JSON.stringify(gatewayConfig(place, name, model))); // JSON is YAML
      return [...startArgs, '--config', config];
    },
  };
}

function gatewayConfig({ port, upstreamPort, dir }: Place, name: string, model: object): object {
  const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];
  const targets = regions.map(region => ({
    region,
    endpoint: 'rain',
    maxConcurrency: 400,
    price: { instance: 'ml.m5.large', count: 2 },
  }));
  const endpoints = { sagemakerRuntime: `http://127.0.0.1:${upstreamPort}` };
  const sha256 = createHash('sha256').update(apiKey).digest('hex');
  return {
    listen: { data: `127.0.0.1:${port}`, admin: '127.0.0.1:0' },
    stateDir: join(dir, name),
    auth: {
      keys: [
        { id: 'bench', sha256, tenant: 'bench' },
        { ...pair, tenant: 'bench' },
      ],
    },
    credentials: { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench-secret' },
    regions: Object.fromEntries(regions.map(region => [region, { endpoints }])),
    limits: { drainMs: 0 },
    log: { file: join(dir, `${name}.log`), sampleRate: 1 },
    models: { rain: { ...model, versions: { v1: { targets } } } },
  };
}

/** Every call is read and counted against the demo's baseline, in windows that end within a run. */
const monitored = {
  monitor: {
    payload: { prediction: '/rain', threshold: 0.5 },
    baseline: file('../config/baselines/rain-v1'),
    windows: { paneSeconds: 5, tumblingPanes: 2, settleMs: 0 },
  },
};

/** Portkey without its log page, on the leanest of its routes that answer what the upstream said, byte for byte. */
const portkey: Contestant = {
  name: 'portkey',
  cached: false,
  args: ({ port }) => [file('node_modules/@portkey-ai/gateway/build/start-server.js'), `--port=${port}`, '--headless'],
  request: ({ upstreamPort }) =>
    wireRequest(
      '/v1/completions',
      {
        authorization: 'Bearer bench',
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
      },
      openAiQuestion,
    ),
};

/** Every row of the table. */
export const contestants = [
  plain('unsigned', 'servers/unsigned.ts'),
  plain('floor', 'servers/floor.ts'),
  gateway('gateway', {}, false),
  gateway('gateway-signed', {}, false, () => signedRequest('/endpoints/rain/invocations', question, pair)),
  gateway('gateway-monitored', monitored, false),
  gateway('gateway-cached', { cache: { freshSeconds: 86_400 } }, true),
  portkey,
  plain('sdk', 'servers/sdk.ts'),
] satisfies readonly Contestant[];

/** Whom to ask for the time without anything in between. */
export const direct = invocation;
