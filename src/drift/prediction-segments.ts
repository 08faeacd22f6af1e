import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../core/clock.ts';
import { decodeCall, type KeptCall } from './prediction-book.ts';

/** Remembered answers on this process's disk: a file for each hour, removed when its time is up. */
export interface PredictionSegments {
  /** In the order they were written; what cannot be read is passed over. */
  read(): AsyncIterable<KeptCall>;
  /** Written within a second. */
  append(call: KeptCall): void;
  /** Rewrites the files without these. */
  remove(matches: (call: KeptCall) => boolean): Promise<void>;
  /** Writes what waits. */
  close(): Promise<void>;
}

const flushMs = 500;
/** Of what waits; past it the newest are not kept over a restart. */
const maxWaitingBytes = 16_777_216;
const hourMs = 3_600_000;

/** @param retentionMs files whose hour is longer ago go */
export function predictionSegments(
  directory: string,
  { clock, warn, retentionMs }: { readonly clock: Clock; warn(message: string): void; retentionMs(): number },
): PredictionSegments {
  let waiting: string[] = [];
  let bytes = 0;
  let work: Promise<void> = Promise.resolve();
  /** One thing at a time, in order. */
  const inTurn = (next: () => Promise<void>): Promise<void> => {
    work = work.then(next).catch((error: unknown) => warn(`predictions cannot be written down: ${String(error)}`));
    return work;
  };
  const nameOf = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 13)}.jsonl`;
  const names = async () => (await readdir(directory).catch(() => [])).filter(name => name.endsWith('.jsonl')).sort();
  const write = async () => {
    if (waiting.length === 0) return;
    const text = waiting.join('');
    waiting = [];
    bytes = 0;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await appendFile(join(directory, nameOf(clock.wallMs())), text, { mode: 0o600 });
    const oldest = nameOf(clock.wallMs() - retentionMs() - hourMs);
    for (const name of await names()) if (name < oldest) await rm(join(directory, name), { force: true });
  };
  const stop = clock.every(flushMs, () => {
    if (waiting.length > 0) void inTurn(write);
  });
  return {
    read: async function* () {
      for (const name of await names()) yield* readLines(join(directory, name));
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
      stop();
      await inTurn(write);
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
    return call === undefined || !matches(call);
  });
  if (kept.length === lines.length) return;
  await writeFile(`${path}.new`, kept.map(line => `${line}\n`).join(''), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
