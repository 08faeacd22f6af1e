import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Type from 'typebox';
import { Value } from 'typebox/value';
import type { PaneCounts } from './counts.ts';
import { parse } from './json-values.ts';
import type { KeptPanes } from './version-monitor.ts';

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
    positives: Type.Array(count, { maxItems: 1_000 }),
    negatives: Type.Array(count, { maxItems: 1_000 }),
    numbers: count,
    errors: Sum,
    squaredErrors: Sum,
  }),
  disturbed: Type.Boolean(),
});
const Panes = Type.Array(Type.Object({ index: count, counts: PaneShape }), { maxItems: 1_000 });
const KeptShape = Type.Object({ baseline: Type.String(), history: Panes, open: Panes });

/** A pane as a replica published it; undefined when it is none, or of other features than `like`. */
export function decodePane(text: string, like: PaneCounts): PaneCounts | undefined {
  const value = parse(text);
  return Value.Check(PaneShape, value) && fits(value, like) ? value : undefined;
}

function fits(pane: PaneCounts, like: PaneCounts): boolean {
  return (
    pane.features.length === like.features.length &&
    pane.features.every(({ bins }, index) => bins.length === like.features[index]?.bins.length)
  );
}

/** Panes of a version on this process's disk, so that a restart goes on with the windows it was in. */
export interface PaneStore {
  load(model: string, version: string): Promise<KeptPanes | undefined>;
  /** Rejects when they cannot be written. */
  save(model: string, version: string, kept: KeptPanes): Promise<void>;
}

/** A file for each version in `directory`. */
export function paneStore(directory: string): PaneStore {
  const pathOf = (model: string, version: string) => join(directory, 'panes', `${model}@${version}.json`);
  return {
    load: async (model, version) => {
      const text = await readFile(pathOf(model, version), 'utf8').catch(() => '');
      const value = parse(text);
      return Value.Check(KeptShape, value) ? value : undefined;
    },
    save: async (model, version, kept) => {
      const path = pathOf(model, version);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}
