import type { StateStore } from '../state/state.ts';

/** A version that was not in the config when the gateway started, as it is kept. */
export interface NewVersion {
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly variant?: string;
  /** Of the package it was made of. */
  readonly packageArn: string;
  /** The package's version: the greater, the newer. */
  readonly number: number;
  /** Who or what registered it, and when (ISO 8601). */
  readonly by: string;
  readonly at: string;
  /** When its package was approved, where that was told. Wall-clock ms. */
  readonly approvedAtMs?: number;
  /** What became of starting its canary; `due`: not yet. */
  readonly canary: 'none' | 'due' | 'started' | 'refused';
  /** Why it was refused. */
  readonly detail?: string;
}

const prefix = 'version/';

/** What a store knows of new versions, oldest package first; records that cannot be read are passed over. */
export function listNewVersions(state: Pick<StateStore, 'list'>): readonly NewVersion[] {
  return [...state.list(prefix).values()].flatMap(readVersion).sort((a, b) => a.number - b.number);
}

/** Where a version is kept. */
export function keyOf({ model, version }: Pick<NewVersion, 'model' | 'version'>): string {
  return `${prefix}${model}/${version}`;
}

/** Whether a record of a store is of a version that came by itself. */
export function isVersionKey(key: string): boolean {
  return key.startsWith(prefix);
}

function readVersion(text: string): NewVersion[] {
  try {
    const value: unknown = JSON.parse(text);
    const isOne =
      typeof value === 'object' && value !== null && 'model' in value && 'version' in value && 'endpoint' in value;
    return isOne ? [value as NewVersion] : [];
  } catch {
    return [];
  }
}
