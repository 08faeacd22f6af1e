import { createHash } from 'node:crypto';
import type { StateStore } from '../state/state.ts';
import type { Baseline } from './baseline.ts';
import { decodeBaseline, encodeBaseline } from './baseline-files.ts';
import { parse } from './json-values.ts';
import type { DriftPorts, KnownBaseline } from './ports.ts';
import { everyone } from './scope.ts';

/** What a baseline is of: a version's calls, all of them or those of one scope. */
export interface BaselineOf {
  readonly model: string;
  readonly version: string;
  readonly scope: string;
}

/**
 * The baseline in force of each version: what was learned since, else what the config names; of a scope that has none of
 * its own, that of all.
 */
export interface Baselines {
  inForce(of: BaselineOf): KnownBaseline | undefined;
  /**
   * Puts a baseline in force on all replicas, in the place of the one known here. Resolves to whether it is; of several
   * replicas that learn at once, or one after the other for the same reason, one wins.
   */
  learn(of: BaselineOf, baseline: Baseline, why?: string): Promise<boolean>;
  /** Forgets what was learned of a model's versions and scopes that are no more. Rejects while replicas cannot agree. */
  forgetOthers(model: string, versions: readonly string[], scopes: readonly string[]): Promise<void>;
  /** Why its own baseline in force was learned; undefined where it was not. */
  learnedFor(of: BaselineOf): string | undefined;
}

const prefix = 'baseline/';

/**
 * Baselines that were learned are records that replicas share. One holds as long as the config names what it was learned
 * over: a config edited since is newer intent.
 */
export function baselinesOf(ports: Pick<DriftPorts, 'state' | 'configured' | 'clock'>): Baselines {
  const decoded = decodedRecords(ports.state);
  const keyOf = ({ model, version, scope }: BaselineOf) =>
    scope === everyone ? `${prefix}${model}/${version}` : `${prefix}${model}/${version}/${scope}`;
  const configuredFor = ({ model, version, scope }: BaselineOf) =>
    (scope === everyone ? undefined : ports.configured(model, version, scope)) ?? ports.configured(model, version);
  const overOf = (of: BaselineOf) => configuredFor(of)?.id ?? '';
  const learnedOf = (of: BaselineOf): Learned | undefined => {
    const standing = decoded(keyOf(of));
    return standing?.over === overOf(of) ? standing : undefined;
  };
  const inForce: Baselines['inForce'] = of => {
    const learned = learnedOf(of);
    if (learned !== undefined) return learned.known;
    const { model, version, scope } = of;
    if (scope === everyone) return ports.configured(model, version);
    return ports.configured(model, version, scope) ?? inForce({ ...of, scope: everyone });
  };
  return {
    inForce,
    learnedFor: of => learnedOf(of)?.why,
    learn: async (of, baseline, why) => {
      const key = keyOf(of);
      const over = overOf(of);
      if (why !== undefined && learnedOf(of)?.why === why) return false;
      const record = {
        ...JSON.parse(encodeBaseline(baseline)),
        over,
        why,
        at: new Date(ports.clock.wallMs()).toISOString(),
      };
      return ports.state.replace(key, ports.state.get(key), JSON.stringify(record));
    },
    forgetOthers: async (model, versions, scopes) => {
      for (const key of [...ports.state.list(`${prefix}${model}/`).keys()]) {
        const [version = '', scope] = key.slice(`${prefix}${model}/`.length).split('/');
        if (versions.includes(version) && (scope === undefined || scopes.includes(scope))) continue;
        await ports.state.delete(key);
      }
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
    if (text === undefined) {
      known.delete(key);
      return undefined;
    }
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
