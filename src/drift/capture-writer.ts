import type { Clock } from '../core/clock.ts';
import type { Memory } from '../core/result.ts';
import type { CaptureFiles } from './capture-files.ts';
import { type CapturePlace, capturePath } from './capture-path.ts';
import { type Removal, removeExpired, removeFromFiles } from './capture-removal.ts';

/** A line that waits to be written. */
export interface CaptureLine {
  readonly text: string;
  readonly place: CapturePlace;
  readonly inferenceId: string;
}

interface Waiting extends CaptureLine {
  readonly bytes: number;
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
const hourMs = 3_600_000;

/** A queue bounded in bytes in front of a destination's files. */
export function captureWriter(ports: CaptureWriterPorts): CaptureWriter {
  const { clock, memory, files } = ports;
  let waiting: Waiting[] = [];
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
  const free = (line: Waiting) => {
    bytes -= line.bytes;
    memory.give(line.bytes);
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
  const writeGroup = async (group: readonly Waiting[]) => {
    const place = group[0]?.place;
    if (place === undefined) return;
    try {
      const text = group.map(each => each.text).join('');
      await files.append(fileFor(place, Buffer.byteLength(text)).path, text);
      ports.wrote(place, 'written', group.length);
    } catch (error) {
      ports.wrote(place, 'failed', group.length);
      ports.warn(`captured calls cannot be written: ${String(error)}`);
    }
  };
  const flush = () => inTurn(async () => (waiting.length > 0 ? write() : undefined));
  let due = false;
  const stopFlushing = clock.every(ports.flushMs, () => {
    if (due) return; // a disk or bucket that hangs is not asked again and again
    due = true;
    void flush().finally(() => {
      due = false;
    });
  });
  return {
    add: line => {
      const size = Buffer.byteLength(line.text);
      if (bytes + size > ports.maxQueuedBytes || !memory.tryTake(size)) return false;
      bytes += size;
      waiting.push({ ...line, bytes: size });
      return true;
    },
    flush,
    expire: () => inTurn(() => removeExpired(ports)),
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
function chunks(lines: readonly Waiting[], mostBytes: number): Waiting[][] {
  const all: Waiting[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    if (size + line.bytes > mostBytes) {
      all.push([]);
      size = 0;
    }
    all.at(-1)?.push(line);
    size += line.bytes;
  }
  return all;
}

function isDoomed({ place, inferenceId }: CaptureLine, what: Removal): boolean {
  return what.tenant !== undefined ? place.tenant === what.tenant : inferenceId === what.inferenceId;
}
