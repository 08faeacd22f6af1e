import Type from 'typebox';
import { Value } from 'typebox/value';

/** How one window compares with the baseline: above the high mark, between the marks, below the low one, or too small. */
export type WindowLevel = 'clear' | 'between' | 'drifted' | 'too-few';

/** `drifted` of the last `of` windows are drift; `clear` in a row end it. */
export interface WindowMarks {
  readonly drifted: number;
  readonly of: number;
  readonly clear: number;
}

/** What windows so far say: drift, its end, or neither: then what was said last still holds. */
export type WindowVerdict = 'drifted' | 'clear' | 'unchanged';

/**
 * k of m with hysteresis: one bad window is chance, and drift that hovers at the mark must not come and go with each
 * window. Windows too small to be judged count for nothing, so missing data neither begins nor ends anything.
 * @param levels the newest last
 */
export function judgeWindows(levels: readonly WindowLevel[], { drifted, of, clear }: WindowMarks): WindowVerdict {
  const judged = levels.filter(level => level !== 'too-few');
  if (judged.slice(-of).filter(level => level === 'drifted').length >= drifted) return 'drifted';
  const last = judged.slice(-clear);
  return last.length === clear && last.every(level => level === 'clear') ? 'clear' : 'unchanged';
}

/** Remembers the windows of many statistics, each by its key. */
export class WindowMemory {
  readonly #series = new Map<string, { level: WindowLevel; endsAt: number }[]>();

  /**
   * Adds a window and judges; `unchanged` for one that was there already, or is older than the last.
   * @param nowMs windows that end later are of a clock that was set back since, and forgotten
   */
  add(key: string, level: WindowLevel, endsAt: number, marks: WindowMarks, nowMs: number): WindowVerdict {
    const windows = (this.#series.get(key) ?? []).filter(each => each.endsAt <= nowMs);
    const last = windows.at(-1);
    if (last !== undefined && last.endsAt >= endsAt) return 'unchanged';
    if (level === 'too-few') return 'unchanged';
    const kept = [...windows, { level, endsAt }].slice(-Math.max(marks.of, marks.clear));
    this.#series.delete(key); // so that the map is in the order of use
    this.#series.set(key, kept);
    const oldest = this.#series.keys().next();
    if (this.#series.size > mostSeries && !oldest.done) this.#series.delete(oldest.value);
    return judgeWindows(
      kept.map(each => each.level),
      marks,
    );
  }

  /** The windows of keys that begin so, as a text that `restore` takes. */
  text(prefix: string): string {
    return JSON.stringify([...this.#series].filter(([key]) => key.startsWith(prefix)));
  }

  /** Takes what `text` once told, where nothing newer is known; what is no such text tells nothing. */
  restore(text: string): void {
    const kept = parsed(text);
    if (!Value.Check(KeptSeries, kept)) return;
    for (const [key, windows] of kept) if (!this.#series.has(key)) this.#series.set(key, windows);
  }

  /** Forgets a model's windows: its baseline is another. */
  forget(prefix: string): void {
    for (const key of this.#series.keys()) if (key.startsWith(prefix)) this.#series.delete(key);
  }
}

/**
 * Series remembered at most: scopes and features are of the config, versions come and go. More than a config can be watched
 * with, since what is pushed out before its next window never adds up to drift, and nobody would see that.
 */
const mostSeries = 250_000;

const KeptSeries = Type.Array(
  Type.Tuple([
    Type.String(),
    Type.Array(Type.Object({ level: Type.Enum(['clear', 'between', 'drifted']), endsAt: Type.Number() }), {
      maxItems: 100,
    }),
  ]),
  { maxItems: mostSeries },
);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // as every text that is none of ours
  }
}
