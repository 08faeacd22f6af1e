import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';
import { freePort } from './redis.ts';

/** Real redis-servers that form a cluster, ended with the test. */
export interface RedisCluster {
  readonly nodes: readonly RedisNode[];
  /** Of the masters at first. */
  readonly urls: readonly string[];
}

export interface RedisNode {
  readonly port: number;
  readonly url: string;
  readonly id: string;
  /** A plain connection, for a test's own questions. */
  readonly admin: Redis;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay, and nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

const masters = 3;
const slots = 16_384;

/**
 * Three masters with a third of the slots each; with `replicas`, the nodes after them are theirs, in that order.
 * @param nodeTimeoutMs a node silent this long is held to be gone
 */
export async function startRedisCluster(
  t: Test,
  { replicas = false, nodeTimeoutMs = 500 } = {},
): Promise<RedisCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-cluster-'));
  const count = replicas ? 2 * masters : masters;
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) => startNode(join(dir, String(index)), nodeTimeoutMs)),
  );
  t.teardown(async () => {
    for (const { admin } of nodes) admin.disconnect();
    await Promise.all(nodes.map(node => node.kill()));
    rmSync(dir, { recursive: true, force: true });
  });
  const [first, ...others] = nodes;
  for (const { port, busPort } of others) await first?.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  await eventually(t, 'all nodes know each other', async () => {
    const texts = await Promise.all(nodes.map(({ admin }) => admin.cluster('INFO')));
    return texts.every(text => text.includes(`cluster_known_nodes:${count}`));
  });
  for (const [index, { admin }] of nodes.slice(0, masters).entries()) {
    const from = Math.ceil((index * slots) / masters);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil(((index + 1) * slots) / masters) - 1);
  }
  for (const [index, { admin }] of nodes.slice(masters).entries())
    await eventually(t, 'a replica follows its master', () =>
      admin.call('CLUSTER', 'REPLICATE', nodes[index]?.id ?? '').then(
        () => true,
        () => false,
      ),
    );
  await eventually(t, 'the cluster serves', async () => {
    const texts = await Promise.all(nodes.map(({ admin }) => admin.cluster('INFO')));
    return texts.every(text => text.includes('cluster_state:ok') && text.includes(`cluster_size:${masters}`));
  });
  return { nodes, urls: nodes.slice(0, masters).map(({ url }) => url) };
}

async function startNode(dir: string, nodeTimeoutMs: number): Promise<RedisNode & { readonly busPort: number }> {
  mkdirSync(dir);
  const [port, busPort] = [await freePort(), await freePort()];
  const child = await spawnNode(dir, { port, 'cluster-port': busPort, 'cluster-node-timeout': nodeTimeoutMs });
  const admin = new Redis(port, '127.0.0.1', { retryStrategy: null });
  admin.on('error', () => {});
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    busPort,
    url: `redis://127.0.0.1:${port}`,
    id: String(await admin.cluster('MYID')),
    admin,
    kill,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

function spawnNode(dir: string, more: Readonly<Record<string, number>>): Promise<ChildProcess> {
  const settings = {
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'no',
    'cluster-enabled': 'yes',
    'repl-diskless-sync-delay': 0,
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve(child);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended at once:\n${output}`)));
  });
}
