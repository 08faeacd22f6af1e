import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeRecord, encodeRecord, type StateRecord } from './record.ts';
import { type Records, records } from './records.ts';

/** Rewrites the file once it has this many lines more than twice what it must hold. */
const slackLines = 1_000;

/** Records in an append-only file, one JSON line each. */
export interface Journal {
  readonly records: Records;
  /** Resolves once the record is on disk and known; rejects, changing nothing, if it could not be written. */
  append(record: StateRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or creates the file. Deleted records that `mayForget` names are dropped whenever the file is rewritten. A last line cut short by a crash was never acknowledged and is dropped; any other line
 * that cannot be read is passed over and told to `warn`.
 */
export async function openJournal(
  file: string,
  warn: (message: string) => void,
  mayForget: (key: string) => boolean = () => false,
): Promise<Journal> {
  const { known, lines, wholeBytes } = await readJournal(file, warn);
  let handle = await open(file, 'a', 0o600);
  await handle.truncate(wholeBytes);
  let size = wholeBytes;
  let lineCount = lines;
  let waiting: { record: StateRecord; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let flushing: Promise<void> | undefined;

  /** Everything that waits goes to disk with one sync. */
  const flushBatch = async () => {
    const batch = waiting;
    waiting = [];
    const text = batch.map(({ record }) => toLine(record)).join('');
    try {
      await writeSynced(handle, text);
      size += Buffer.byteLength(text);
      lineCount += batch.length;
      for (const { record, resolve } of batch) {
        known.apply(record);
        resolve();
      }
    } catch (error) {
      // Half a line may have been written; the next one must not be glued to it.
      await handle.truncate(size).catch(() => undefined);
      for (const { reject } of batch) reject(error);
    }
  };
  const compact = async () => {
    known.forget(mayForget);
    const text = [...known.all()].map(toLine).join('');
    await rm(`${file}.new`, { force: true });
    const fresh = await open(`${file}.new`, 'a', 0o600);
    await writeSynced(fresh, text);
    await rename(`${file}.new`, file);
    const old = handle;
    handle = fresh;
    size = Buffer.byteLength(text);
    lineCount = known.size;
    await old.close();
    await syncDirectory(dirname(file));
  };
  const flush = async () => {
    while (waiting.length > 0) await flushBatch();
    if (lineCount > 2 * known.size + slackLines) {
      await compact().catch((error: unknown) => warn(`${file} could not be compacted: ${String(error)}`));
    }
    flushing = undefined;
    if (waiting.length > 0) flushing = flush();
  };
  return {
    records: known,
    append: record =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        flushing ??= flush();
      }),
    close: async () => {
      while (flushing !== undefined) await flushing;
      await handle.close();
    },
  };
}

async function readJournal(file: string, warn: (message: string) => void) {
  const bytes = await readFile(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1);
  const known = records();
  for (const [index, line] of lines.entries()) {
    const record = fromLine(line);
    if (record === undefined) warn(`${file}, line ${index + 1}: not a record, passed over`);
    else known.apply(record);
  }
  return { known, lines: lines.length, wholeBytes };
}

function toLine(record: StateRecord): string {
  return `${JSON.stringify([record.key, encodeRecord(record)])}\n`;
}

function fromLine(line: string): StateRecord | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    if (!Array.isArray(parsed)) return undefined;
    const [key, text]: unknown[] = parsed;
    return typeof key === 'string' && typeof text === 'string' ? decodeRecord(key, text) : undefined;
  } catch {
    return undefined;
  }
}

async function writeSynced(handle: FileHandle, text: string): Promise<void> {
  await handle.writeFile(text);
  await handle.datasync();
}

/** Makes a rename last through a power cut (fsync(2): the directory entry needs a sync of its own). */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  await handle.sync().finally(() => handle.close());
}
