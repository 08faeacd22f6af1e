import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Test } from 'tap';

/** A real redis-server of one test, without persistence unless asked for. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: what it held is lost, without persistence. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** Starts it again, on the same port; empty without persistence. */
  restart(): Promise<void>;
}

/**
 * Starts redis-server on a free port (or `port`), with a password if one is given, and ends it with the test.
 * @param options.dir where it appends each write, for those who need it to remember
 */
export async function startRedis(
  t: Test,
  options: { port?: number; password?: string; dir?: string } = {},
): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const more = [
    ...(options.password === undefined ? [] : ['--requirepass', options.password]),
    ...(options.dir === undefined ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--dir', options.dir]),
  ];
  let child = await spawnRedis(port, more);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  t.teardown(() => end('SIGKILL'));
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    restart: async () => {
      await end('SIGTERM');
      child = await spawnRedis(port, more);
    },
  };
}

function spawnRedis(port: number, more: readonly string[]): Promise<ChildProcess> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...more];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/tmp' });
  // Also when a test fails so badly that its teardown never runs.
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

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address === null || typeof address === 'string' ? reject(address) : resolve(address.port)));
    });
  });
}
