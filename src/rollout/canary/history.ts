import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '../../core/directories.ts';
import type { AuditLine } from './record.ts';

/** One line of a model's history. */
export interface HistoryLine extends AuditLine {
  readonly id: string;
  readonly canary: string;
}

/** Everything that canaries did, line by line, never changed. */
export interface History {
  append(model: string, lines: readonly HistoryLine[]): Promise<void>;
  /** The last lines, oldest first; with `actsOnly` the last that are more than a look. */
  read(model: string, most: number, options?: { readonly actsOnly: boolean }): Promise<readonly HistoryLine[]>;
}

const mostBytes = 20_000_000;

/** A file per model in `dir`, JSON lines; past 20 MB it becomes the former one. */
export function historyFiles(dir: string): History {
  const fileOf = (model: string) => join(dir, `${model}.jsonl`);
  let writing: Promise<void> = Promise.resolve();
  const write = async (model: string, lines: readonly HistoryLine[]) => {
    makeDirectories(dir);
    const file = fileOf(model);
    const size = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (size > mostBytes) await rename(file, `${file}.1`);
    await appendFile(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
  };
  return {
    append: (model, lines) => {
      const mine = writing.then(() => write(model, lines));
      writing = mine.catch(() => undefined); // told to whoever appended; the next lines are tried all the same
      return mine;
    },
    read: async (model, most, { actsOnly } = { actsOnly: false }) => {
      await writing;
      const texts = await Promise.all([`${fileOf(model)}.1`, fileOf(model)].map(readOrNothing));
      const lines = texts.join('').split('\n').flatMap(parsed);
      return lines.filter(({ act }) => !actsOnly || act !== 'look').slice(-most);
    },
  };
}

async function readOrNothing(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** A line that a crash cut short is passed over. */
function parsed(line: string): HistoryLine[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as HistoryLine];
  } catch {
    return [];
  }
}
