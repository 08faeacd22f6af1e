import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Creates a directory and what is missing above it. Throws where that cannot be; `mkdirSync` with `recursive` tries for
 * ever in file systems that take no directories, such as /proc.
 */
export function makeDirectories(directory: string): void {
  const missing: string[] = [];
  let at = resolve(directory);
  for (; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.unshift(at);
  for (const each of missing) makeDirectory(each);
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const made = statSync(directory, { throwIfNoEntry: false }); // by another process, meanwhile
    if (made?.isDirectory() !== true) throw error;
  }
}
