import { addCounts, type Counts, countsSince } from './counts.ts';
import type { Run } from './look.ts';

/** What one process hands to whoever looks: everything it counted after the batch that was last taken. */
export interface Batch {
  /** The process, as long as it counts this canary. */
  readonly series: string;
  /** The batch it goes on from, and its own number. */
  readonly from: number;
  readonly to: number;
  readonly counts: Counts;
  readonly runs: readonly Run[];
}

/** Batches not yet known to be taken that are remembered. */
const mostOutstanding = 200;

/** Hands out counters so that each count is taken once, whoever looks, and however late this process hears of it. */
export interface Batches {
  /** The batch to publish now; the former one while nothing new was counted. */
  next(counts: Counts, runs: readonly Run[]): Batch;
  /** The number of the last batch that a look has taken. */
  taken(number: number | undefined): void;
}

/** @param series unlike every other process's */
export function batches(series: string): Batches {
  const outstanding = new Map<number, Counts>([[0, {}]]);
  let acknowledged = 0;
  let last: Batch = { series, from: 0, to: 0, counts: {}, runs: [] };
  return {
    next: (counts, runs) => {
      const before = outstanding.get(acknowledged) ?? {};
      const sameRuns = JSON.stringify(runs) === JSON.stringify(last.runs);
      const fresh = Object.keys(countsSince(counts, outstanding.get(last.to) ?? {})).length > 0;
      const to = fresh || !sameRuns ? last.to + 1 : last.to;
      if (to !== last.to) outstanding.set(to, { ...counts });
      if (outstanding.size > mostOutstanding) {
        const oldest = [...outstanding.keys()].find(number => number !== acknowledged && number !== to);
        if (oldest !== undefined) outstanding.delete(oldest);
      }
      last = { series, from: acknowledged, to, counts: countsSince(outstanding.get(to) ?? {}, before), runs };
      return last;
    },
    taken: (number = 0) => {
      if (number <= acknowledged) return;
      // Where it was forgotten, what was counted until the next one that is known is lost, and nothing counts twice.
      const known = [...outstanding.keys()].filter(each => each >= number).sort((a, b) => a - b)[0];
      if (known === undefined) return;
      outstanding.set(number, outstanding.get(known) ?? {});
      acknowledged = number;
      for (const each of [...outstanding.keys()]) if (each < number) outstanding.delete(each);
    },
  };
}

/** Batches that go on from what was taken last, and what is taken with them. */
export interface Taken {
  readonly counts: Counts;
  readonly runs: readonly Run[];
  readonly consumed: Readonly<Record<string, number>>;
  /** Processes of batches in which returning callers are. */
  readonly callersOf: readonly string[];
}

const mostSeries = 500;

/** Takes the batches that fit; one whose process has not yet heard of the last look waits for the next. */
export function takeBatches(texts: Iterable<string>, consumed: Readonly<Record<string, number>>): Taken {
  const all = [...texts].flatMap(text => readBatch(text) ?? []);
  const fitting = all.filter(batch => batch.from === (consumed[batch.series] ?? 0) && batch.to > batch.from);
  const next = { ...consumed };
  for (const { series, to } of fitting) {
    delete next[series]; // to be last: those that are gone are forgotten first
    next[series] = to;
  }
  return {
    counts: addCounts(fitting.map(({ counts }) => counts)),
    runs: fitting.flatMap(({ runs }) => runs),
    consumed: Object.fromEntries(Object.entries(next).slice(-mostSeries)),
    callersOf: fitting.filter(({ counts }) => Object.keys(counts).some(isOfCallers)).map(({ series }) => series),
  };
}

function isOfCallers(key: string): boolean {
  return key.startsWith('k/');
}

function readBatch(text: string): Batch | undefined {
  try {
    return JSON.parse(text) as Batch;
  } catch {
    return undefined; // not ours
  }
}
