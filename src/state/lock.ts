import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Directories this very process holds: its own pid in a lock file says nothing about those. */
const heldHere = new Set<string>();

/**
 * Makes this process the only one that writes to `dir`; returns a way to give it back. A lock whose process is gone is
 * taken over. Processes in different pid namespaces do not see each other: give each replica a directory of its own.
 * @throws Error naming the process that holds it
 */
export function lockDirectory(dir: string): () => void {
  const file = join(dir, 'lock');
  if (heldHere.has(file)) throw new Error(`${dir} is already in use by this process`);
  if (!tryCreate(file)) {
    const holder = readHolder(file);
    if (holder !== undefined && isRunning(holder)) {
      throw new Error(
        `${dir} is in use by process ${holder.pid}. Each gateway process needs a stateDir of its own: stop that process, or configure another stateDir.`,
      );
    }
    rmSync(file, { force: true });
    if (!tryCreate(file)) throw new Error(`${dir} was taken by another process just now`);
  }
  heldHere.add(file);
  return () => {
    heldHere.delete(file);
    rmSync(file, { force: true });
  };
}

interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

function tryCreate(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx');
    writeSync(descriptor, `${process.pid} ${startOf(process.pid)}\n`);
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const [pid, startedAt = ''] = readFileSync(file, 'utf8').trim().split(' ');
    return Number(pid) > 0 ? { pid: Number(pid), startedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** A pid is reused in time, and soon in a container, where a gateway is pid 1 every time; its start time is not. */
function isRunning(holder: Holder): boolean {
  if (holder.pid === process.pid || holder.startedAt !== startOf(holder.pid)) return false;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process started, in ticks since boot (proc(5), field 22 of stat); empty where there is no such file. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
