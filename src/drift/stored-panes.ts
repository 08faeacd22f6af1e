import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Type, { type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { BaselineOf } from './baselines.ts';
import type { PaneCounts } from './counts.ts';
import { parse } from './json-values.ts';
import { everyone } from './scope.ts';
import { mostCells } from './score-counts.ts';

/** A pane of all replicas, complete. */
export interface Pane {
  /** Number of the pane since the epoch. */
  readonly index: number;
  readonly counts: PaneCounts;
}

/** What one version's monitor knows, to be kept over a restart. */
export interface KeptPanes extends OpenPanes {
  readonly history: readonly Pane[];
  /** Windows as they were last judged, which stand until the next. */
  readonly shown?: readonly ShownWindow[];
}

/** A window that was judged, without what was found: judged again it says the same. */
export interface ShownWindow {
  readonly kind: 'tumbling' | 'sliding';
  /** Wall clock, ms. */
  readonly endsAt: number;
  readonly counts: PaneCounts;
}

/** The panes that are not judged yet, of this replica alone. */
export interface OpenPanes {
  readonly baseline: string;
  /** Length of a pane: panes of another are numbered otherwise. */
  readonly paneSeconds: number;
  readonly open: readonly Pane[];
}

/**
 * What of it counts at pane `now`, in order: finished panes without a gap up to the first that is not, and open ones after
 * them. Nothing where so much is missing that no window could be told without it.
 */
export function pickUp(
  kept: KeptPanes | undefined,
  now: number,
  longest: number,
): { readonly history: readonly Pane[]; readonly open: readonly Pane[] } {
  const past = (kept?.history ?? []).filter(({ index }) => index < now); // later ones are of a clock that was ahead
  const last = past.at(-1)?.index ?? Number.NEGATIVE_INFINITY;
  const after = Math.max(last, now - longest);
  // One that is both open and finished was written down in between.
  const open = (kept?.open ?? [])
    .filter(({ index }) => index > after && index <= now)
    .sort((a, b) => a.index - b.index);
  return { history: last < now - longest ? [] : past, open };
}

const count = Type.Integer({ minimum: 0 });
const Sum = Type.Array(Type.Number(), { maxItems: 64 });
const FeatureShape = Type.Object({
  bins: Type.Array(count, { maxItems: 1_001 }),
  missing: count,
  absent: count,
  wrong: count,
  negative: count,
  outside: count,
  sum: Type.Integer(),
  squares: count,
});
const cells = { maxItems: mostCells };
const ScoresShape = Type.Object({
  width: Type.Number({ minimum: 0 }),
  scores: Type.Array(Type.Number(), cells),
  positives: Type.Array(count, cells),
  negatives: Type.Array(count, cells),
});
const PaneShape = Type.Object({
  records: count,
  unreadable: count,
  extra: count,
  features: Type.Array(FeatureShape, { maxItems: 1_000 }),
  prediction: FeatureShape,
  truths: Type.Object({
    labels: count,
    right: count,
    hits: count,
    falseAlarms: count,
    misses: count,
    scores: ScoresShape,
    numbers: count,
    errors: Sum,
    squaredErrors: Sum,
  }),
  disturbed: Type.Boolean(),
});
const Panes = Type.Array(Type.Object({ index: count, counts: PaneShape }), { maxItems: 1_000 });
const kind = { baseline: Type.String(), paneSeconds: count };
const Shown = Type.Array(
  Type.Object({ kind: Type.Enum(['tumbling', 'sliding']), endsAt: Type.Number(), counts: PaneShape }),
  { maxItems: 2 },
);
const HistoryShape = Type.Object({ ...kind, history: Panes, shown: Type.Optional(Shown) });
const OpenShape = Type.Object({ ...kind, open: Panes });

/** A pane as a replica published it; undefined when it is none, or of other features than `like`. */
export function decodePane(text: string, like: PaneCounts): PaneCounts | undefined {
  const value = parse(text);
  return Value.Check(PaneShape, value) && fits(value, like) ? value : undefined;
}

function fits(pane: PaneCounts, like: PaneCounts): boolean {
  const { scores, positives, negatives } = pane.truths.scores;
  return (
    scores.length === positives.length &&
    scores.length === negatives.length &&
    pane.features.length === like.features.length &&
    pane.features.every(({ bins }, index) => bins.length === like.features[index]?.bins.length)
  );
}

/** Panes of a version and scope on this process's disk, so that a restart goes on with the windows it was in. */
export interface PaneStore {
  load(of: BaselineOf): Promise<KeptPanes | undefined>;
  /** Rejects when they cannot be written. */
  save(of: BaselineOf, kept: KeptPanes): Promise<void>;
  /** Those under way alone, which change all the time. Rejects when they cannot be written. */
  saveOpen(of: BaselineOf, open: OpenPanes): Promise<void>;
}

/** Two files for each version and scope in `directory`: of finished panes, and of those under way. */
export function paneStore(directory: string): PaneStore {
  const pathOf = (kept: string, { model, version, scope }: BaselineOf) =>
    join(directory, kept, `${model}@${version}${scope === everyone ? '' : `@${scope}`}.json`);
  const read = async <S extends TSchema>(shape: S, path: string): Promise<Static<S> | undefined> => {
    const value = parse(await readFile(path, 'utf8').catch(() => ''));
    return Value.Check(shape, value) ? value : undefined;
  };
  const write = async (path: string, value: object) => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  const saveOpen: PaneStore['saveOpen'] = (of, { baseline, paneSeconds, open }) =>
    write(pathOf('panes-open', of), { baseline, paneSeconds, open });
  return {
    load: async of => {
      const finished = await read(HistoryShape, pathOf('panes', of));
      const under = await read(OpenShape, pathOf('panes-open', of));
      const same = finished?.baseline === under?.baseline && finished?.paneSeconds === under?.paneSeconds;
      const { history = [], shown = [] } = (same && finished) || {};
      if (under !== undefined) return { ...under, history, shown };
      return finished && { ...finished, open: [] };
    },
    save: async (of, { history, shown, ...open }) => {
      const { baseline, paneSeconds } = open;
      await write(pathOf('panes', of), { baseline, paneSeconds, history, shown });
      await saveOpen(of, open);
    },
    saveOpen,
  };
}

/**
 * The name under which the process of this directory hands over its counts. One that goes on with kept panes puts them in
 * the place of what it had handed over before, and one that lost them adds to it.
 */
export async function lastingName(directory: string): Promise<string> {
  const path = join(directory, 'replica');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (/^[0-9a-f-]{36}$/.test(known)) return known;
  const name = randomUUID();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(path, name, { mode: 0o600 });
  return name;
}
