import type { Clock } from '../core/clock.ts';
import type { Memory } from '../core/result.ts';
import type { CaptureFiles } from './capture-files.ts';
import { type CapturePlace, capturePath, placeOf } from './capture-path.ts';

/** A line that waits to be written. */
export interface CaptureLine {
  readonly text: string;
  readonly place: CapturePlace;
  readonly inferenceId: string;
}

/** Which records are to be removed. */
export interface Removal {
  /** Whether a file is of a tenant whose records go. */
  readonly tenant: string | undefined;
  readonly inferenceId: string | undefined;
}

/** Writes captured lines to one destination, in turns. */
export interface CaptureWriter {
  /** False when there is no room. */
  add(line: CaptureLine): boolean;
  /** Writes what waits, now. */
  flush(): Promise<void>;
  /** Removes files older than the destination keeps them; resolves to how many. */
  expire(): Promise<number>;
  /** Removes records; resolves to how many. @param mayRewrite whether a file is this replica's to change */
  remove(what: Removal, mayRewrite: (place: CapturePlace) => boolean): Promise<number>;
  stop(): Promise<void>;
}

/** What a writer needs of the rest. */
export interface CaptureWriterPorts {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly files: CaptureFiles;
  readonly maxQueuedBytes: number;
  readonly maxFileBytes: number;
  readonly flushMs: number;
  readonly retentionDays: number;
  /** The inference id of a line as it stands in a file; undefined when it cannot be opened. */
  idOf(line: string): string | undefined;
  /** Told how many lines were written, or were not. */
  wrote(place: CapturePlace, result: 'written' | 'failed', lines: number): void;
  warn(message: string): void;
}

interface OpenFile {
  readonly path: string;
  bytes: number;
}

/** Open files remembered; a forgotten one is just not added to any more. */
const maxOpenFiles = 1_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A queue bounded in bytes in front of a destination's files. */
export function captureWriter(ports: CaptureWriterPorts): CaptureWriter {
  const { clock, memory, files } = ports;
  let waiting: CaptureLine[] = [];
  let bytes = 0;
  let ordinal = 0;
  let work: Promise<unknown> = Promise.resolve();
  const open = new Map<string, OpenFile>();
  /** One thing at a time: what is removed must not be written anew. */
  const inTurn = <T>(next: () => Promise<T>): Promise<T> => {
    const done = work.then(next, next);
    work = done.catch(() => undefined);
    return done;
  };
  const free = (line: CaptureLine) => {
    bytes -= line.text.length;
    memory.give(line.text.length);
  };
  const fileFor = (place: CapturePlace, size: number): OpenFile => {
    const key = keyOf(place);
    let file = files.appends ? open.get(key) : undefined;
    if (file === undefined || file.bytes + size > ports.maxFileBytes) {
      ordinal += 1;
      const startedAt = Math.min(Math.max(clock.wallMs(), place.hourMs), place.hourMs + hourMs - 1);
      file = { path: capturePath(place, startedAt, ordinal), bytes: 0 };
      open.delete(key);
      open.set(key, file);
      const [oldest] = open.keys();
      if (open.size > maxOpenFiles && oldest !== undefined) open.delete(oldest);
    }
    file.bytes += size;
    return file;
  };
  const write = async () => {
    const lines = waiting;
    waiting = [];
    for (const group of Map.groupBy(lines, ({ place }) => keyOf(place)).values())
      for (const chunk of chunks(group, ports.maxFileBytes)) await writeGroup(chunk);
    for (const line of lines) free(line);
  };
  const writeGroup = async (group: readonly CaptureLine[]) => {
    const place = group[0]?.place;
    if (place === undefined) return;
    try {
      const text = group.map(each => each.text).join('');
      await files.append(fileFor(place, text.length).path, text);
      ports.wrote(place, 'written', group.length);
    } catch (error) {
      ports.wrote(place, 'failed', group.length);
      ports.warn(`captured calls cannot be written: ${String(error)}`);
    }
  };
  const flush = () => inTurn(async () => (waiting.length > 0 ? write() : undefined));
  const stopFlushing = clock.every(ports.flushMs, () => void flush());
  return {
    add: line => {
      const size = line.text.length;
      if (bytes + size > ports.maxQueuedBytes || !memory.tryTake(size)) return false;
      bytes += size;
      waiting.push(line);
      return true;
    },
    flush,
    expire: () => inTurn(() => expire(ports)),
    remove: (what, mayRewrite) =>
      inTurn(async () => {
        const doomed = waiting.filter(line => isDoomed(line, what));
        waiting = waiting.filter(line => !isDoomed(line, what));
        for (const line of doomed) free(line);
        open.clear(); // a file that was removed is not to be begun again
        return doomed.length + (await removeFromFiles(ports, what, mayRewrite));
      }),
    stop: async () => {
      stopFlushing();
      await flush();
    },
  };
}

function keyOf({ model, version, hourMs: hour, tenant }: CapturePlace): string {
  return [model, version, hour, tenant].join('/');
}

/** Lines in order, as many to a chunk as fit; one that is too long has one to itself. */
function chunks(lines: readonly CaptureLine[], mostBytes: number): CaptureLine[][] {
  const all: CaptureLine[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    if (size + line.text.length > mostBytes) {
      all.push([]);
      size = 0;
    }
    all.at(-1)?.push(line);
    size += line.text.length;
  }
  return all;
}

function isDoomed({ place, inferenceId }: CaptureLine, what: Removal): boolean {
  return what.tenant !== undefined ? place.tenant === what.tenant : inferenceId === what.inferenceId;
}

async function expire({ clock, files, retentionDays, warn }: CaptureWriterPorts): Promise<number> {
  const oldest = clock.wallMs() - retentionDays * dayMs - hourMs;
  let removed = 0;
  try {
    for await (const path of files.list()) {
      const place = placeOf(path);
      if (place === undefined || place.hourMs > oldest) continue;
      await files.remove(path);
      removed += 1;
    }
  } catch (error) {
    warn(`old captured calls cannot be removed: ${String(error)}`);
  }
  return removed;
}

async function removeFromFiles(
  { files, idOf }: CaptureWriterPorts,
  { tenant, inferenceId }: Removal,
  mayRewrite: (place: CapturePlace) => boolean,
): Promise<number> {
  let removed = 0;
  for await (const path of files.list()) {
    const place = placeOf(path);
    if (place === undefined || !mayRewrite(place)) continue;
    if (tenant !== undefined && place.tenant !== tenant) continue;
    const lines = (await files.read(path)).split('\n').filter(line => line !== '');
    const kept = tenant === undefined ? lines.filter(line => idOf(line) !== inferenceId) : [];
    removed += lines.length - kept.length;
    if (kept.length === 0) await files.remove(path);
    else if (kept.length < lines.length) await files.replace(path, kept.map(line => `${line}\n`).join(''));
  }
  return removed;
}
