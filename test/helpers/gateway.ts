import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Simulator, SimulatorOptions } from '../../sim/simulator.ts';
import { type App, createApp } from '../../src/app.ts';
import { findingText } from '../../src/config/findings.ts';
import { loadConfigText } from '../../src/config/load.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { ManualClock } from './manual-clock.ts';
import { startTestSimulator } from './simulator.ts';

/** A config as plain data; what is left out gets its default. */
export type ConfigData = Record<string, unknown>;

export interface TestGateway {
  readonly app: App;
  readonly simulator: Simulator;
  /** Of the data and the admin listener. */
  readonly urls: { readonly data: string; readonly admin: string };
  /** Parsed log lines so far. */
  readonly log: Record<string, unknown>[];
  /** The config it was started with, with these top-level keys replaced; throws when it is refused. */
  resolve(changes: ConfigData): ResolvedConfig;
  /** Posts to a model on the plain path. */
  call(model: string, options?: CallOptions): Promise<Called>;
}

export interface CallOptions {
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export const regionNames = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'] as const;

/** One real-time target of `endpoint` in each of these regions. */
export function targetsIn(regions: readonly string[], endpoint = 'rain-v1', more: ConfigData = {}): ConfigData[] {
  return regions.map(region => ({ region, endpoint, ...more }));
}

/** A model with one version in these regions. */
export function simpleModel(regions: readonly string[] = regionNames, more: ConfigData = {}): ConfigData {
  return { versions: { v1: { targets: targetsIn(regions) } }, ...more };
}

export interface TestGatewayOptions {
  readonly simulator?: Partial<SimulatorOptions>;
  /** Instead of a simulator of its own. */
  readonly running?: Simulator;
  readonly logLevel?: 'error';
  /** Further regions. */
  readonly places?: ConfigData;
  /** The gateway's; the simulator goes by real time. One moved by hand stands still, so that no limit is ever reached. */
  readonly clock?: Clock & Partial<Pick<ManualClock, 'advance'>>;
}

/** A real gateway on free ports in front of the stand-in, both stopped when the test ends. */
export async function startTestGateway(
  t: Test,
  config: ConfigData,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const simulator = options.running ?? (await startTestSimulator(t, options.simulator));
  const stateDir = mkdtempSync(join(tmpdir(), 'meridian-test-'));
  const regions = Object.fromEntries(
    Object.entries(simulator.urls).map(([region, url]) => [
      region,
      {
        endpoints: {
          sagemakerRuntime: url,
          bedrockRuntime: url,
          sts: url,
          s3: url,
          sagemaker: url,
          eventBridge: url,
          sns: url,
        },
      },
    ]),
  );
  const base: ConfigData = {
    listen: { data: '127.0.0.1:0', admin: '127.0.0.1:0' },
    stateDir,
    auth: 'none',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    limits: { drainMs: 0, shutdownMs: 2_000 },
    regions: { ...regions, ...options.places },
    ...config,
  };
  const resolve = (changes: ConfigData): ResolvedConfig => {
    const text = JSON.stringify({ ...base, ...changes });
    const loaded = loadConfigText(text, 'test.yaml', { env: {}, readFile: () => '' });
    if (!loaded.ok) throw new Error(loaded.findings.map(findingText).join('\n'));
    return loaded.resolved;
  };
  const log: Record<string, unknown>[] = [];
  const sink = createLogger({ level: options.logLevel ?? 'debug', sampleRate: 1 }, systemClock, {
    write: line => void log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const clock: NonNullable<TestGatewayOptions['clock']> = options.clock ?? systemClock;
  const app = await createApp({ resolved: resolve({}), clock, random: seededRandom(1), log: sink });
  t.teardown(async () => {
    let over = false;
    const stopping = app.shutdown().finally(() => {
      over = true;
    });
    while (clock.advance !== undefined && !over) {
      clock.advance(1);
      await new Promise(resolve => setImmediate(resolve));
    }
    await stopping;
    rmSync(stateDir, { recursive: true, force: true });
  });
  const urls = await app.listen();
  const call = async (model: string, { body = 'hello', headers = {}, signal }: CallOptions = {}): Promise<Called> => {
    const response = await fetch(`${urls.data}/v1/models/${model}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...headers },
      body,
      ...(signal && { signal }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { app, simulator, urls, log, resolve, call };
}
