import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../core/clock.ts';
import { decodeCall, type KeptCall } from './kept-call.ts';

/** Remembered answers on this process's disk, in files that are removed when their time is up or newer ones are enough. */
export interface PredictionSegments {
  /** In the order they were written; what cannot be read is passed over. */
  read(): AsyncIterable<KeptCall>;
  /** Written within a second. */
  append(call: KeptCall): void;
  /** Rewrites the files without these, and without what cannot be read. Rejects when that cannot be done. */
  remove(matches: (call: KeptCall) => boolean): Promise<void>;
  /** Writes what waits. */
  close(): Promise<void>;
}

const flushMs = 500;
/** Of what waits; past it the newest are not kept over a restart. */
const maxWaitingBytes = 16_777_216;
/** An answer has two lines, its own and its truth's. */
const linesPerCall = 2;
/** A file holds such a part of what is to be kept, or a day. */
const parts = 8;
const fewestLines = 1_000;
const dayLength = '2025-10-20'.length;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What segments need of the rest. */
export interface PredictionSegmentPorts {
  readonly clock: Clock;
  warn(message: string): void;
  /** Of the longest-lived answers. */
  retentionMs(): number;
  /** So many of the newest are kept at least. */
  maxCalls(): number;
}

/** @param directory of this process alone */
export function predictionSegments(
  directory: string,
  { clock, warn, retentionMs, maxCalls }: PredictionSegmentPorts,
): PredictionSegments {
  let waiting: string[] = [];
  let bytes = 0;
  let work: Promise<void> = Promise.resolve();
  /** One thing at a time, in order. */
  const inTurn = (next: () => Promise<void>): Promise<void> => {
    const done = work.then(next);
    work = done.catch((error: unknown) => warn(`predictions cannot be written down: ${String(error)}`));
    return done;
  };
  const tried = (next: () => Promise<void>): Promise<void> => inTurn(next).catch(() => undefined); // which is told
  const nameOf = (atMs: number) => `${new Date(atMs).toISOString().replaceAll(':', '-')}.jsonl`;
  /** Lines of each file, the newest last; found by `read`, so that a restart goes on with it. */
  const lines = new Map<string, number>();
  const names = async () => (await readdir(directory).catch(() => [])).filter(name => name.endsWith('.jsonl')).sort();
  const write = async () => {
    if (waiting.length === 0) return;
    const text = waiting.join('');
    const more = waiting.length;
    waiting = [];
    bytes = 0;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const next = nameOf(clock.wallMs());
    const [name = next, count = 0] = [...lines].at(-1) ?? [];
    const full = count >= Math.max(fewestLines, (maxCalls() * linesPerCall) / parts);
    const into = full || name.slice(0, dayLength) !== next.slice(0, dayLength) ? next : name;
    lines.set(into, (lines.get(into) ?? 0) + more);
    await appendFile(join(directory, into), text, { mode: 0o600 });
    if (into !== name) await dropOld();
  };
  /** A file goes when newer ones hold all that is to be kept, or nothing was added to it since too long ago. */
  const dropOld = async () => {
    const oldest = nameOf(clock.wallMs() - retentionMs());
    let newer = 0;
    let successor: string | undefined;
    for (const [name, count] of [...lines].toReversed()) {
      const over = successor ?? nameOf(Date.parse(name.slice(0, dayLength)) + dayMs);
      if (newer >= maxCalls() * linesPerCall || over < oldest) {
        await rm(join(directory, name), { force: true });
        lines.delete(name);
      }
      newer += count;
      successor = name;
    }
  };
  const stops = [
    clock.every(flushMs, () => {
      if (waiting.length > 0) void tried(write);
    }),
    // Where no more answers come, none would begin the file that ends the others.
    clock.every(hourMs, () => void tried(dropOld)),
  ];
  return {
    read: async function* () {
      for (const name of await names()) {
        let count = 0;
        for await (const call of readLines(join(directory, name))) {
          count += 1;
          yield call;
        }
        lines.set(name, count);
      }
    },
    append: call => {
      const line = `${JSON.stringify(call)}\n`;
      if (bytes + line.length > maxWaitingBytes) return;
      waiting.push(line);
      bytes += line.length;
    },
    remove: matches =>
      inTurn(async () => {
        await write();
        for (const name of await names()) await rewrite(join(directory, name), matches);
      }),
    close: async () => {
      for (const stop of stops) stop();
      await tried(write);
    },
  };
}

async function* readLines(path: string): AsyncGenerator<KeptCall> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const call = decodeCall(line);
    if (call !== undefined) yield call;
  }
}

async function rewrite(path: string, matches: (call: KeptCall) => boolean): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter(line => line !== '');
  const kept = lines.filter(line => {
    const call = decodeCall(line);
    return call !== undefined && !matches(call); // half a line may be of anybody
  });
  if (kept.length === lines.length) return;
  try {
    await writeFile(`${path}.new`, kept.map(line => `${line}\n`).join(''), { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    await rm(`${path}.new`, { force: true });
    throw error;
  }
}
