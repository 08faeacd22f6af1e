import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import type { ConfigData } from './gateway.ts';

const server = fileURLToPath(new URL('../../src/meridian.mjs', import.meta.url));

/** A gateway in a process of its own, that can be killed. */
export interface GatewayProcess {
  readonly urls: { readonly data: string; readonly admin: string };
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  end(): Promise<void>;
}

/** A whole config for a process in front of the stand-in in these regions; its state is below `dir`. */
export function processConfig(simulator: Simulator, dir: string, regions: readonly string[], more: ConfigData) {
  const sites = regions.map(region => {
    const url = simulator.url(region);
    return [region, { endpoints: { sagemakerRuntime: url, sts: url, s3: url, sagemaker: url } }] as const;
  });
  return {
    listen: { data: '127.0.0.1:0', admin: '127.0.0.1:0' },
    stateDir: join(dir, 'state'),
    auth: 'none',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    regions: Object.fromEntries(sites),
    ...more,
  };
}

/** Starts a gateway with this config, which is written into `dir`; killed when the test ends. */
export async function startGatewayProcess(t: Test, dir: string, config: ConfigData): Promise<GatewayProcess> {
  const file = join(dir, 'meridian.yaml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [server, 'serve', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const urls = await listening(child);
  const gone = async (signal: NodeJS.Signals) => {
    const exit = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await exit;
  };
  return { urls, kill: () => gone('SIGKILL'), end: () => gone('SIGTERM') };
}

async function listening({ stdout }: ChildProcess): Promise<GatewayProcess['urls']> {
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface(stdout)) {
    const { message, data, admin } = JSON.parse(line) as { message: string; data: string; admin: string };
    if (message !== 'listening') continue;
    stdout.resume();
    return { data, admin };
  }
  throw new Error('the gateway ended');
}
