import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { freePort } from './redis.ts';

const root = join(import.meta.dirname, '../..');
/** The simulated regions, in the order of their usual ports. */
export const demoRegionNames = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'];

/** Which config the demo runs, what is replaced in it, and how it is called. */
export interface DemoOptions {
  /** Within `config/`. */
  readonly file?: string;
  readonly edits?: readonly (readonly [piece: string, by: string])[];
  readonly args?: readonly string[];
}

/** The demo as a process of its own, on free ports. */
export async function startDemo(t: Test, { file = 'demo.yaml', edits = [], args = [] }: DemoOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-demo-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const [data = 0, admin = 0, control = 0, dns = 0, ...regions] = await Promise.all(
    Array.from({ length: 8 }, () => freePort()),
  );
  let config = readFileSync(join(root, 'config', file), 'utf8')
    .replace('127.0.0.1:8080', `127.0.0.1:${data}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${admin}`)
    .replace('127.0.0.1:9153', `127.0.0.1:${dns}`)
    .replace('.meridian/demo.log', join(directory, 'demo.log'))
    .replace('.meridian/demo #', `${directory} #`)
    .replaceAll('../baselines/', `${join(root, 'config/baselines')}/`);
  demoRegionNames.forEach((_, index) => {
    config = config.replaceAll(`:${9101 + index}`, `:${regions[index]}`);
  });
  for (const [piece, by] of edits) {
    if (!config.includes(piece)) throw new Error(`${file} does not say ${piece}`);
    config = config.replace(piece, by);
  }
  const path = join(directory, 'demo.yaml');
  writeFileSync(path, config);
  const env = {
    ...process.env,
    SIM_PORTS: demoRegionNames.map((name, index) => `${name}=${regions[index]}`).join(','),
    SIM_CONTROL_PORT: String(control),
    SIM_DNS_PORT: String(dns),
  };
  const child = spawn(process.execPath, [join(root, 'src/meridian.mjs'), 'demo', '--config', path, ...args], {
    env,
    detached: true,
  });
  const seen = { out: '', err: '' };
  child.stdout.on('data', chunk => {
    seen.out += String(chunk);
  });
  child.stderr.on('data', chunk => {
    seen.err += String(chunk);
  });
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)));
  t.teardown(() => child.kill('SIGKILL'));
  return { child, seen, ended, url: `http://127.0.0.1:${data}`, data, region: regions[0] };
}
