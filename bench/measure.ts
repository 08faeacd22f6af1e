import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Entrant } from './arena.ts';
import type { RowName } from './contestants.ts';
import { saturate } from './load/closed-loop.ts';
import { latencies } from './load/open-loop.ts';
import { percentile } from './statistics.ts';

/** How long and how often to measure. */
export interface Plan {
  readonly rounds: number;
  /** Full load before the first round, so that every server runs optimised code. */
  readonly warmSeconds: number;
  readonly saturateSeconds: number;
  /** Requests per second at which latency is taken. */
  readonly rates: readonly number[];
  readonly latencySeconds: number;
}

/** One round's figures of one contestant. */
export interface Load {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly rssMb: number;
  /** Share of their core that the upstream and the load generator took. */
  readonly upstreamBusy: number;
  readonly loadBusy: number;
}

/** Time added to the upstream's own, ms. */
export interface Added {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Sample {
  readonly name: RowName;
  readonly load: Load;
  /** By rate, requests per second. */
  readonly added: ReadonlyMap<number, Added>;
}

/** A machine that paused makes servers time out, and the gateway sets targets aside for half a minute: wait that out. */
export const pauseMs = 45_000;
const mostRepeats = 5;

/** Measures all entrants, one after the other in every round, each round beginning with another one. */
export async function measure(arena: Arena, plan: Plan, say: (line: string) => void): Promise<Sample[]> {
  for (const { contestant, aim } of arena.entrants) {
    say(`warming ${contestant.name}`);
    await saturate(aim, plan.warmSeconds);
  }
  const samples: Sample[] = [];
  const steady = repeater(say);
  for (let round = 0; round < plan.rounds; round += 1) {
    const turn = round % arena.entrants.length;
    const order = [...arena.entrants.slice(turn), ...arena.entrants.slice(0, turn)];
    const loads = new Map<Entrant, Load>();
    for (const entrant of order)
      loads.set(entrant, await steady(() => underLoad(arena, entrant, plan.saturateSeconds)));
    const added = new Map(order.map(entrant => [entrant, new Map<number, Added>()]));
    for (const rate of plan.rates) {
      const bare = await steady(() => quantiles(arena.direct, rate, plan.latencySeconds, round));
      for (const entrant of order) {
        const through = await steady(() => quantiles(entrant.aim, rate, plan.latencySeconds, round));
        added.get(entrant)?.set(rate, { p50Ms: through.p50Ms - bare.p50Ms, p99Ms: through.p99Ms - bare.p99Ms });
      }
    }
    for (const [entrant, load] of loads)
      samples.push({ name: entrant.contestant.name, load, added: added.get(entrant) ?? new Map() });
    const shown = order.map(entrant => `${entrant.contestant.name} ${loads.get(entrant)?.cpuUs.toFixed(0)} µs`);
    say(`round ${round + 1} of ${plan.rounds}: ${shown.join(', ')}`);
  }
  return samples;
}

/** Takes a measurement again when it failed, a few times in a run, and says so. */
function repeater(say: (line: string) => void): <T>(take: () => Promise<T>) => Promise<T> {
  let repeats = 0;
  return async take => {
    for (;;) {
      try {
        return await take();
      } catch (error) {
        repeats += 1;
        if (repeats > mostRepeats) throw error;
        say(`measured again, because ${error instanceof Error ? error.message : error}`);
        await sleep(pauseMs);
      }
    }
  };
}

async function quantiles(aim: Arena['direct'], rate: number, seconds: number, seed: number): Promise<Added> {
  const ms = await latencies(aim, rate, seconds, seed);
  return { p50Ms: percentile(ms, 0.5), p99Ms: percentile(ms, 0.99) };
}

/** @throws when an answer was wrong, a cached row asked the upstream, or another one did not */
async function underLoad(arena: Arena, { contestant, server, aim }: Entrant, seconds: number): Promise<Load> {
  await saturate(aim, seconds / 5);
  const servedBefore = await arena.served();
  const [cpu, upstreamCpu, own] = [server.cpuUs(), arena.upstream.cpuUs(), process.cpuUsage()];
  const run = await saturate(aim, seconds);
  if (run.wrong[0] !== undefined) throw new Error(`${contestant.name} answered ${run.wrong[0]}`);
  const ownUsed = process.cpuUsage(own);
  const [cpuUsed, upstreamUsed] = [server.cpuUs() - cpu, arena.upstream.cpuUs() - upstreamCpu];
  const served = (await arena.served()) - servedBefore;
  if (contestant.cached ? served > 0 : served < run.answered)
    throw new Error(`${contestant.name}: the upstream saw ${served} of ${run.answered} requests`);
  return {
    cpuUs: cpuUsed / run.answered,
    perSecond: run.answered / run.seconds,
    rssMb: server.rssMb(),
    upstreamBusy: upstreamUsed / 1e6 / run.seconds,
    loadBusy: (ownUsed.user + ownUsed.system) / 1e6 / run.seconds,
  };
}
