import { binOf } from '../../statistics/fixed-histogram.ts';
import type { Likeness } from './callers.ts';
import { type Counts, latencyEdges, type Side } from './counts.ts';
import { keyAmong, predictionKey, predictionSize } from './guards/predictions.ts';
import { slowAnswers } from './slow-answers.ts';

/** Whose call is counted, and where. */
export interface Whose {
  readonly side: Side;
  readonly region: string;
  /** Of callers, for one who comes again. */
  readonly group?: number | undefined;
}

/** The counters of one process, under the names that `Counts` tells. */
export interface Tally {
  readonly counts: Counts;
  add(key: string, by?: number): void;
  /** A call that is compared. */
  call(whose: Whose, failed: boolean): void;
  /** How long an answer took. */
  took(whose: Whose, tookMs: number): void;
  /** Dollars, or how wrong an answer was, of a call that was drawn with this share. */
  value(kind: '$' | 'q', whose: Whose, value: number, share: number | undefined): void;
  predicted(whose: Whose, prediction: number | string): void;
}

/** Nothing counted at first. */
export function createTally(): Tally {
  const counts: Record<string, number> = {};
  const slow = slowAnswers();
  const told = new Set<string>();
  const add = (key: string, by = 1) => {
    counts[key] = (counts[key] ?? 0) + by;
  };
  /** What calls of one caller may be alike in. The squares are told less the value, which leaves nothing of 0 and 1. */
  const like = (what: Likeness, { side, region, group }: Whose, value: number) => {
    if (group === undefined) return;
    add(`c/${side}/${what}/n/${region}/${group}`);
    if (value !== 0) add(`c/${side}/${what}/s/${region}/${group}`, value);
    if (value !== 0 && value !== 1) add(`c/${side}/${what}/x/${region}/${group}`, value * value - value);
  };
  return {
    counts,
    add,
    call: (whose, failed) => {
      add(`n/${whose.side}/${whose.region}`);
      if (failed) add(`e/${whose.side}/${whose.region}`);
      like('e', whose, failed ? 1 : 0);
    },
    took: (whose, tookMs) => {
      const { side, region } = whose;
      const bin = binOf(latencyEdges, tookMs);
      add(`l/${side}/${region}/${bin}`);
      if (side === 'stable') slow.note(region, bin);
      const isSlow = slow.isSlow(region, bin);
      if (isSlow === undefined) return;
      like('l', whose, isSlow.p50 ? 1 : 0);
      like('t', whose, isSlow.p95 ? 1 : 0);
    },
    value: (kind, whose, value, share) => {
      const where = `${whose.region}/${share}`;
      add(`${kind}/${whose.side}/n/${where}`);
      add(`${kind}/${whose.side}/s/${where}`, value);
      add(`${kind}/${whose.side}/ss/${where}`, value * value);
      like(kind, whose, value);
    },
    predicted: (whose, prediction) => {
      const key = keyAmong(told, predictionKey(prediction));
      add(`p/${whose.side}/${key}`);
      like('p', whose, predictionSize(key));
    },
  };
}
