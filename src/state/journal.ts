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
 * Opens or creates the file. Deleted records that `mayForget` names are dropped whenever it is rewritten. A last line
 * cut short by a crash was never acknowledged and is dropped; any other line that cannot be read is passed over and
 * told to `warn`.
 */
export async function openJournal(
  file: string,
  warn: (message: string) => void,
  mayForget: (key: string) => boolean = () => false,
): Promise<Journal> {
  const { known, lines, wholeBytes } = await readJournal(file, warn);
  const handle = await open(file, 'a', 0o600);
  await handle.truncate(wholeBytes);
  return new JournalFile({ path: file, handle, size: wholeBytes, lines }, known, { warn, mayForget });
}

/** The file as it is now; compaction replaces it. */
interface OpenFile {
  readonly path: string;
  handle: FileHandle;
  /** Of whole lines, bytes. */
  size: number;
  lines: number;
}

interface Waiting {
  readonly record: StateRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class JournalFile implements Journal {
  readonly records: Records;
  readonly #file: OpenFile;
  readonly #warn: (message: string) => void;
  readonly #mayForget: (key: string) => boolean;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(
    file: OpenFile,
    known: Records,
    { warn, mayForget }: { warn: (message: string) => void; mayForget: (key: string) => boolean },
  ) {
    this.#file = file;
    this.records = known;
    this.#warn = warn;
    this.#mayForget = mayForget;
  }

  append(record: StateRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    await this.#file.handle.close();
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) await this.#flushBatch();
    if (this.#file.lines > 2 * this.records.size + slackLines) {
      await this.#compact().catch((error: unknown) =>
        this.#warn(`${this.#file.path} could not be compacted: ${String(error)}`),
      );
    }
    this.#flushing = undefined;
    if (this.#waiting.length > 0) this.#flushing = this.#flush();
  }

  /** Everything that waits goes to disk with one sync. */
  async #flushBatch(): Promise<void> {
    const file = this.#file;
    const batch = this.#waiting;
    this.#waiting = [];
    const text = batch.map(({ record }) => toLine(record)).join('');
    try {
      await writeSynced(file.handle, text);
      file.size += Buffer.byteLength(text);
      file.lines += batch.length;
      for (const { record, resolve } of batch) {
        this.records.apply(record);
        resolve();
      }
    } catch (error) {
      // Half a line may have been written; the next one must not be glued to it.
      await file.handle.truncate(file.size).catch(() => undefined);
      for (const { reject } of batch) reject(error);
    }
  }

  async #compact(): Promise<void> {
    this.records.forget(({ key }) => this.#mayForget(key));
    const file = this.#file;
    const text = [...this.records.all()].map(toLine).join('');
    await rm(`${file.path}.new`, { force: true });
    const fresh = await open(`${file.path}.new`, 'a', 0o600);
    await writeSynced(fresh, text);
    await rename(`${file.path}.new`, file.path);
    const old = file.handle;
    file.handle = fresh;
    file.size = Buffer.byteLength(text);
    file.lines = this.records.size;
    await old.close();
    await syncDirectory(dirname(file.path));
  }
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
