import { createHash } from 'node:crypto';
import type { StateStore } from '../state/state.ts';
import type { Baseline } from './baseline.ts';
import { decodeBaseline, encodeBaseline } from './baseline-files.ts';
import { parse } from './json-values.ts';
import type { DriftPorts, KnownBaseline } from './ports.ts';

/** The baseline in force of each version: what was learned since, else what the config names. */
export interface Baselines {
  inForce(model: string, version: string): KnownBaseline | undefined;
  /**
   * Puts a baseline in force on all replicas, in the place of the one known here. Resolves to whether it is; of several
   * replicas that learn at once, or one after the other for the same reason, one wins.
   */
  learn(model: string, version: string, baseline: Baseline, why?: string): Promise<boolean>;
  /** Why the baseline in force was learned; undefined where it was not. */
  learnedFor(model: string, version: string): string | undefined;
}

const prefix = 'baseline/';

/**
 * Baselines that were learned are records that replicas share. One holds as long as the config names what it was learned
 * over: a config edited since is newer intent.
 */
export function baselinesOf(ports: Pick<DriftPorts, 'state' | 'configured' | 'clock'>): Baselines {
  const decoded = decodedRecords(ports.state);
  const keyOf = (model: string, version: string) => `${prefix}${model}/${version}`;
  const learned = (model: string, version: string): Learned | undefined => {
    const standing = decoded(keyOf(model, version));
    return standing?.over === (ports.configured(model, version)?.id ?? '') ? standing : undefined;
  };
  return {
    inForce: (model, version) => learned(model, version)?.known ?? ports.configured(model, version),
    learnedFor: (model, version) => learned(model, version)?.why,
    learn: async (model, version, baseline, why) => {
      const key = keyOf(model, version);
      const over = ports.configured(model, version)?.id ?? '';
      if (why !== undefined && learned(model, version)?.why === why) return false;
      const record = {
        ...JSON.parse(encodeBaseline(baseline)),
        over,
        why,
        at: new Date(ports.clock.wallMs()).toISOString(),
      };
      return ports.state.replace(key, ports.state.get(key), JSON.stringify(record));
    },
  };
}

interface Learned {
  readonly over: string;
  readonly why: string | undefined;
  readonly known: KnownBaseline;
}

/** Reads each record once, and again when it was changed. */
function decodedRecords(state: StateStore): (key: string) => Learned | undefined {
  const known = new Map<string, { readonly text: string; readonly learned: Learned | undefined }>();
  return key => {
    const text = state.get(key);
    if (text === undefined) return undefined;
    const before = known.get(key);
    if (before?.text === text) return before.learned;
    const learned = decodeLearned(text);
    known.set(key, { text, learned });
    return learned;
  };
}

function decodeLearned(text: string): Learned | undefined {
  const value = parse(text);
  const baseline = decodeBaseline(value);
  if (baseline === undefined) return undefined;
  const { over, why } = value as { over?: unknown; why?: unknown };
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const told = (each: unknown) => (typeof each === 'string' ? each : undefined);
  return { over: told(over) ?? '', why: told(why), known: { baseline, id } };
}
