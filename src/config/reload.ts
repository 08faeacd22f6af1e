import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Cancel, Clock } from '../core/clock.ts';
import { configFiles } from './files.ts';
import { type Finding, findingText } from './findings.ts';
import { diffImmovable } from './immovable.ts';
import type { Surroundings } from './interpolate.ts';
import { loadConfig } from './load.ts';
import type { ResolvedConfig } from './resolve.ts';

/** What to watch, and who hears of changes. */
export interface WatchOptions {
  /** File or directory. */
  readonly path: string;
  readonly env: Surroundings['env'];
  readonly clock: Clock;
  /** What serves now. */
  readonly inForce: () => ResolvedConfig;
  /** Puts a whole new config in force, with its warnings and notes. */
  readonly onReload: (next: ResolvedConfig, findings: readonly Finding[]) => Promise<void>;
  /** Hears why a change was refused; what is in force stays. */
  readonly onRefused: (reasons: readonly string[]) => void;
  /** Between looks at the files, for file systems that tell nothing. Default 5,000 ms. */
  readonly pollMs?: number;
  /** From the last sign of a change to reading it, so that a write is over. Default 200 ms. */
  readonly settleMs?: number;
}

/** A config being watched. */
export interface ConfigWatch {
  /** Reads the config now, whether it changed or not: what SIGHUP asks for. True once it is in force, false when refused. */
  reload(): Promise<boolean>;
  stop(): void;
}

/**
 * Watches a config and puts changes in force whole or not at all. Directories are watched, not files, so that atomic
 * renames and swapped symlinks (as Kubernetes mounts config maps) are seen; a poll backs that up.
 */
export function watchConfig(options: WatchOptions): ConfigWatch {
  const { path, clock, pollMs = 5_000, settleMs = 200 } = options;
  let seen = fingerprint(path);
  let pending: Cancel | undefined;
  const reload = (): Promise<boolean> => {
    seen = fingerprint(path);
    return takeEffect(options);
  };
  const lookSoon = (): void => {
    pending?.();
    pending = clock.after(settleMs, () => {
      if (fingerprint(path) !== seen) void reload();
    });
  };
  const watchers = watchDirectories(path, lookSoon);
  const stopPolling = clock.every(pollMs, () => {
    if (fingerprint(path) !== seen) lookSoon();
  });
  return {
    reload,
    stop: () => {
      pending?.();
      stopPolling();
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function takeEffect({ path, env, inForce, onReload, onRefused }: WatchOptions): Promise<boolean> {
  const loaded = loadConfig(path, env);
  const reasons = loaded.ok
    ? diffImmovable(inForce(), loaded.resolved)
    : loaded.findings.filter(finding => finding.severity === 'error').map(findingText);
  if (!loaded.ok || reasons.length > 0) {
    onRefused(reasons);
    return false;
  }
  try {
    await onReload(loaded.resolved, loaded.findings);
    return true;
  } catch (error) {
    onRefused([error instanceof Error ? error.message : String(error)]);
    return false;
  }
}

function watchDirectories(path: string, changed: () => void): readonly FSWatcher[] {
  const directories = new Set([...(isDirectory(path) ? [path] : []), ...configFiles(path).map(file => dirname(file))]);
  return [...directories].flatMap(directory => {
    try {
      const watcher = watch(directory, { persistent: false }, changed);
      watcher.on('error', () => watcher.close()); // the poll goes on alone
      return [watcher];
    } catch {
      return []; // no watches left on this machine: the poll goes on alone
    }
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Changes whenever a file of the config is written, replaced, added, removed, or its symlink points elsewhere. */
function fingerprint(path: string): string {
  return configFiles(path).map(partPrint).join('\n');
}

function partPrint(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${realpathSync(path)} ${ino} ${size} ${mtimeMs}`;
  } catch {
    return `${path} gone`;
  }
}
