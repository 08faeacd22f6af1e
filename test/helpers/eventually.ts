import type { Test } from 'tap';

const GIVE_UP_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** Waits for what other processes or sockets bring about; fails the test if it never comes. */
export async function eventually(t: Test, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < GIVE_UP_MS; waitedMs += LOOK_EVERY_MS) {
    if (await holds()) {
      t.pass(what);
      return;
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
  }
  t.fail(what);
}
