import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { fileState } from '../../src/state/file.ts';
import { stateDir } from '../helpers/state-dir.ts';

const openIn = (dir: string) => fileState({ dir, clock: systemClock, warn: () => undefined });
const holderScript = (dir: string) => `
  const { fileState } = await import(${JSON.stringify(new URL('../../src/state/file.ts', import.meta.url).href)});
  const { systemClock } = await import(${JSON.stringify(new URL('../../src/core/clock.ts', import.meta.url).href)});
  await fileState({ dir: ${JSON.stringify(dir)}, clock: systemClock, warn: () => {} });
  console.log('open');
  setInterval(() => {}, 1000);`;

test('a second process is refused, and told who holds the directory; a killed one holds nothing', async t => {
  const dir = stateDir(t);
  const holder = spawn(process.execPath, ['--input-type=module', '-e', holderScript(dir)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await t.rejects(openIn(dir), { message: new RegExp(`in use by process ${holder.pid}\\b.*stateDir`) });
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  t.ok(existsSync(join(dir, 'lock')), 'its lock is still there');
  const store = await openIn(dir);
  await store.close();
  t.notOk(existsSync(join(dir, 'lock')));
});

test('the same process cannot open it twice, but again after closing', async t => {
  const dir = stateDir(t);
  const store = await openIn(dir);
  await t.rejects(openIn(dir), { message: /already in use/ });
  await store.close();
  await (await openIn(dir)).close();
});

test('a lock with a reused pid is taken over: its own, as in a container, or that of a younger process', async t => {
  const dir = stateDir(t);
  for (const lock of [`${process.pid} 1\n`, `${process.ppid} 1\n`, '', 'nonsense']) {
    writeFileSync(join(dir, 'lock'), lock);
    await (await openIn(dir)).close();
  }
  t.pass('opened every time');
});

test('a directory that cannot be written is a clear error', async t => {
  const dir = stateDir(t);
  const file = join(dir, 'a-file');
  writeFileSync(file, '');
  await t.rejects(openIn(join(file, 'below')), { message: /stateDir .*below cannot be written.*another stateDir/ });
});
