import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, endTogether, freePort, startChild } from './child.ts';
import { type Contestant, direct } from './contestants.ts';
import type { Aim } from './load/closed-loop.ts';

/** Core of the servers under test, and core of everything else: upstream and load. */
const [serverCore, otherCore] = [0, 1];

/** What the arena starts. */
export type Starter = Pick<Contestant, 'args' | 'env' | 'request'> & {
  readonly name: string;
  readonly expected?: string;
};

/** A contestant that runs. */
export interface Entrant<C extends Starter = Contestant> {
  readonly contestant: C;
  readonly server: Child;
  readonly aim: Aim;
}

/** Everything that takes part, started and pinned. */
export interface Arena<C extends Starter = Contestant> {
  readonly upstream: Child;
  /** The upstream without anything in between. */
  readonly direct: Aim;
  readonly entrants: readonly Entrant<C>[];
  readonly dir: string;
  /** How many requests reached the upstream so far. */
  served(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the upstream and the contestants; this process, the load generator, moves to the upstream's core. */
export async function openArena<C extends Starter>(
  contestants: readonly C[],
  nodeArgs: readonly string[] = [],
): Promise<Arena<C>> {
  if (process.platform !== 'linux' || availableParallelism() < 2)
    throw new Error('The benchmark needs Linux (taskset, /proc) and two cores.');
  spawnSync('taskset', ['-a', '-p', '-c', String(otherCore), String(process.pid)]);
  endTogether();
  const dir = mkdtempSync(join(tmpdir(), 'meridian-bench-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

  const upstreamPort = await freePort();
  const script = join(import.meta.dirname, 'upstream.ts');
  const upstream = await startChild('upstream', otherCore, upstreamPort, [script, String(upstreamPort)], dir);
  const entrants: Entrant<C>[] = [];
  for (const contestant of contestants) {
    const port = await freePort();
    const place = { port, upstreamPort, dir };
    const args = [...nodeArgs, ...contestant.args(place)];
    const server = await startChild(contestant.name, serverCore, port, args, dir, contestant.env);
    entrants.push({
      contestant,
      server,
      get aim() {
        const { expected } = contestant;
        return { port, request: contestant.request(place), ...(expected !== undefined && { expected }) };
      },
    });
  }
  return {
    upstream,
    direct: { port: upstreamPort, request: direct },
    entrants,
    dir,
    served: async () => Number(await (await fetch(`http://127.0.0.1:${upstreamPort}/served`)).text()),
    async stop() {
      await Promise.all([upstream, ...entrants.map(entrant => entrant.server)].map(child => child.stop()));
    },
  };
}

/** What the figures were taken on. */
export function machine(): string {
  const all = cpus();
  return `${all[0]?.model.trim()}, ${all.length} cores, Linux ${release()}, Node ${process.version}`;
}
