import { createHash } from 'node:crypto';
import type { SharedEntries } from '../state/state.ts';
import type { RememberedCall } from './drift.ts';
import { decodeCall, type KeptCall } from './kept-call.ts';
import { truthKey } from './truth-claims.ts';

/** Remembered answers as replicas find them through Redis; nothing without it. */
export interface SharedAnswers {
  /** Is handed over at the next turn, in the place of an earlier one of the same id. */
  offer(call: KeptCall): void;
  /** Undefined for one that is not known, or while Redis is away. */
  find(tenant: string, inferenceId: string): Promise<KeptCall | undefined>;
  /** Takes answers and their truths back; those that Redis does not give up now, as soon as it does. */
  forget(calls: readonly RememberedCall[]): Promise<void>;
  /** Hands over what waits, and takes back what was to be forgotten. */
  turn(): Promise<void>;
}

/** Asked of Redis at once. */
const atOnce = 500;

/** @param retentionMs how long answers of a model are joined */
export function sharedAnswers(
  shared: SharedEntries | undefined,
  retentionMs: (model: string) => number,
): SharedAnswers {
  let waiting = new Map<string, KeptCall>();
  const doomed = new Set<string>();
  let work: Promise<unknown> = Promise.resolve();
  /** One thing at a time: an answer on its way to Redis would come after its deletion. */
  const inTurn = (next: () => Promise<void>): Promise<void> => {
    const done = work.then(next);
    work = done;
    return done;
  };
  const handOver = async () => {
    if (shared === undefined || waiting.size === 0) return;
    const batch = waiting;
    waiting = new Map();
    for (const [model, entries] of Map.groupBy(batch, ([, call]) => call.model)) {
      const texts = new Map(entries.map(([place, call]) => [place, JSON.stringify(call)]));
      // What Redis does not take now is joined by this replica only.
      await shared.put(texts, retentionMs(model)).catch(() => undefined);
    }
  };
  const takeBack = async () => {
    const places = [...doomed];
    for (let from = 0; from < places.length; from += atOnce) {
      const some = places.slice(from, from + atOnce);
      const gone = await Promise.allSettled(some.map(place => deleteOne(shared, place)));
      for (const [index, { status }] of gone.entries()) if (status === 'fulfilled') doomed.delete(some[index] ?? '');
      if (gone.some(({ status }) => status === 'rejected')) return; // it is away: at the next turn
    }
  };
  return {
    offer: call => {
      if (shared !== undefined) waiting.set(sharedKey(call.tenant, call.inferenceId), call);
    },
    find: async (tenant, id) => {
      const place = sharedKey(tenant, id);
      const text = doomed.has(place) ? undefined : await shared?.get(place).catch(() => undefined);
      return text === undefined ? undefined : decodeCall(text);
    },
    forget: async calls => {
      if (shared === undefined) return;
      for (const { tenant, inferenceId } of calls) {
        const place = sharedKey(tenant, inferenceId);
        waiting.delete(place);
        doomed.add(place);
      }
      await inTurn(takeBack);
    },
    turn: () =>
      inTurn(async () => {
        if (doomed.size > 0) await takeBack();
        await handOver();
      }),
  };
}

async function deleteOne(shared: SharedEntries | undefined, place: string): Promise<void> {
  await shared?.delete(place);
  await shared?.delete(truthKey(place));
}

/** Where an answer stands in Redis: it tells a reader nothing of tenants or ids. */
export function sharedKey(tenant: string, inferenceId: string): string {
  return createHash('sha256').update(`${tenant.length}:${tenant}${inferenceId}`).digest('base64url');
}
