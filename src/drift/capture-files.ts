import { appendFile, mkdir, readdir, readFile, rename, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** The files of one destination; paths have slashes and begin at its root. Everything may reject. */
export interface CaptureFiles {
  /** False where every write is a file of its own, as in a bucket. */
  readonly appends: boolean;
  /** Adds to a file, or makes it: all of the text, or nothing of it. */
  append(path: string, text: string): Promise<void>;
  /** Paths of all captured files, in order within an hour. */
  list(): AsyncIterable<string>;
  /** Empty for one that is not there any more. */
  read(path: string): Promise<string>;
  /** Puts a text in the place of a file's. */
  replace(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Objects of a bucket, as far as captures need them. */
export interface CaptureObjects {
  put(key: string, bytes: Buffer): Promise<void>;
  get(key: string): Promise<Buffer | undefined>;
  delete(key: string): Promise<void>;
  /** All below a prefix, page by page. */
  keys(prefix: string): AsyncIterable<readonly string[]>;
}

const extension = '.jsonl';

/** Files below a directory, readable by this user alone. */
export function directoryFiles(root: string): CaptureFiles {
  const at = (path: string) => join(root, path);
  return {
    appends: true,
    append: async (path, text) => {
      await mkdir(dirname(at(path)), { recursive: true, mode: 0o700 });
      const before = await sizeOf(at(path));
      try {
        await appendFile(at(path), text, { mode: 0o600 });
      } catch (error) {
        // A full disk takes a part: the next line would go on in the middle of it, and neither could be read or removed.
        await (before === 0 ? rm(at(path), { force: true }) : truncate(at(path), before)).catch(() => undefined);
        throw error;
      }
    },
    list: async function* () {
      const there = await stat(root).catch(() => undefined);
      if (there === undefined) return;
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
        if (entry.isFile() && entry.name.endsWith(extension))
          yield relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
    },
    // Another replica may have removed it since it was listed.
    read: async path => ((await sizeOf(at(path))) === 0 ? '' : readFile(at(path), 'utf8')),
    replace: async (path, text) => {
      try {
        await writeFile(`${at(path)}.new`, text, { mode: 0o600 });
        await rename(`${at(path)}.new`, at(path));
      } catch (error) {
        await rm(`${at(path)}.new`, { force: true }); // nobody would remove it when its time is up
        throw error;
      }
    },
    remove: async path => {
      await rm(at(path), { force: true });
      // Hours, days, months and years that are empty now go too.
      for (let up = dirname(path); up !== '.'; up = dirname(up)) {
        const empty = await rmdir(at(up)).then(
          () => true,
          () => false,
        );
        if (!empty) break;
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  const there = await stat(path).catch(() => undefined);
  return there?.size ?? 0;
}

/** Objects below a prefix that ends in a slash, or of the whole bucket. */
export function objectFiles(objects: CaptureObjects, prefix: string): CaptureFiles {
  const put = (path: string, text: string) => objects.put(prefix + path, Buffer.from(text));
  return {
    appends: false,
    append: put,
    list: async function* () {
      for await (const keys of objects.keys(prefix))
        for (const key of keys) if (key.endsWith(extension)) yield key.slice(prefix.length);
    },
    read: async path => (await objects.get(prefix + path))?.toString('utf8') ?? '',
    replace: put,
    remove: path => objects.delete(prefix + path),
  };
}
