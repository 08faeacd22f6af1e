import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process pinned to one core, and what the kernel says of it. */
export interface Child {
  readonly port: number;
  /** CPU time of all its threads so far, µs, in steps of 10,000. */
  cpuUs(): number;
  /** Resident memory, MB (10^6 bytes). */
  rssMb(): number;
  stop(): Promise<void>;
}

const running = new Set<() => void>();

/** Takes every child along when this process ends, however it is asked to. */
export function endTogether(): void {
  process.on('exit', () => {
    for (const kill of running) kill();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Runs `node ...args` on `core` and waits until it accepts connections. `own` is added to its environment; what it prints goes to a file in `dir`. */
export async function startChild(
  name: string,
  core: number,
  port: number,
  args: readonly string[],
  dir: string,
  own: NodeJS.ProcessEnv = {},
): Promise<Child> {
  const output = join(dir, `${name}.out`);
  const log = openSync(output, 'w');
  const env = { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '', ...own };
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...args], {
    stdio: ['ignore', log, log],
    env,
    cwd: dir,
  });
  const kill = () => void child.kill('SIGKILL');
  running.add(kill);
  const ended = once(child, 'exit').then(() => running.delete(kill));

  for (let tries = 0; !(await accepts(port)); tries += 1) {
    if (child.exitCode !== null || child.pid === undefined || tries === 300)
      throw new Error(`${name} did not start:\n${readFileSync(output, 'utf8')}`);
    await sleep(50);
  }
  const proc = `/proc/${child.pid}`;
  return {
    port,
    cpuUs: () => cpuTicks(readFileSync(`${proc}/stat`, 'utf8')) * 10_000,
    rssMb: () => (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]) * 1_024) / 1e6,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(kill, 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** User and system time in `/proc/PID/stat` (proc(5): fields 14 and 15), in the kernel's 10 ms ticks. */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything
  return Number(fields[11]) + Number(fields[12]);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
