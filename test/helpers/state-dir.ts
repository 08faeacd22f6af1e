import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A new directory, removed with the test. */
export function stateDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-state-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
