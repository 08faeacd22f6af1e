import { rateScript, spendScript } from './redis-scripts.ts';
import type { SharedCounters } from './state.ts';

/** How scripts are run: rejects while Redis is down. */
export interface ScriptRunner {
  isUp(): boolean;
  run(script: string, key: string, args: readonly (string | number)[]): Promise<unknown>;
}

/** A day's spending is of no use after the next day. */
const spendTtlMs = 172_800_000;

/** Counters that replicas share, each a script that decides and writes in one step, by Redis' own clock. */
export function redisCounters(runner: ScriptRunner, prefix: string): SharedCounters {
  return {
    get up() {
      return runner.isUp();
    },
    takeRate: async (name, intervalMs, burst) =>
      Number(await runner.run(rateScript, `${prefix}rate:${name}`, [intervalMs, intervalMs * burst])),
    addSpend: async (name, addUsd, atLeastUsd) =>
      Number(await runner.run(spendScript, `${prefix}spend:${name}`, [addUsd, atLeastUsd, spendTtlMs])),
  };
}
