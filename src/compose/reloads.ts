import type { ResolvedConfig } from '../config/resolve.ts';
import type { Refusal } from './admin.ts';
import { within } from './listen.ts';
import { type Parts, useConfig } from './parts.ts';
import { withNewVersions } from './versions.ts';

/** How long a start or a reload waits for keys; after that it goes on with the identities that have some. */
export const keysWaitMs = 10_000;

/** What a reload replaces. */
export interface InForce {
  resolved: ResolvedConfig;
  /** The same as the files have it, without versions that came by themselves. */
  written: ResolvedConfig;
  /** Of the last config, if it was refused. */
  refusal: Refusal | undefined;
}

/** Puts configs in force, each with the versions that came by themselves. */
export interface Reloads {
  /** A config of the files: in force once its keys are there, unless a newer one came meanwhile. */
  reload(next: ResolvedConfig): Promise<void>;
  /** The same config, with the versions there are now. */
  again(): Promise<void>;
}

/** Starts with the config in force. */
export function createReloads(parts: Parts, inForce: InForce, tell: (ok: boolean, detail: string) => void): Reloads {
  let newest = inForce.written;
  let turn = 0;
  const load = async (): Promise<boolean> => {
    turn += 1;
    const own = turn;
    const written = newest;
    const next = withNewVersions(written, parts);
    await within(parts.clock, keysWaitMs, parts.backends.prepare(next));
    if (own !== turn) return false;
    const before = inForce.resolved;
    inForce.resolved = next;
    inForce.written = written;
    useConfig(parts, before, next);
    return true;
  };
  return {
    reload: async next => {
      newest = next;
      const { refusal } = inForce;
      if (!(await load())) return;
      if (inForce.refusal === refusal) inForce.refusal = undefined; // else a newer one was refused meanwhile
      tell(true, 'reloaded');
    },
    again: async () => {
      if (await load()) tell(true, 'versions changed');
    },
  };
}
