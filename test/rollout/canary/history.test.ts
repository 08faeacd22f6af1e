import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { type HistoryLine, historyFiles } from '../../../src/rollout/canary/history.ts';
import { stateDir } from '../../helpers/state-dir.ts';

const line = (revision: number): HistoryLine => ({
  ...{
    id: 'v2-1',
    canary: 'v2',
    revision,
    atMs: 0,
    by: 'anna',
    act: 'look',
    state: 'stepping',
    share: 0.1,
    reason: '',
  },
});

test('lines are kept in order, and one that a crash cut short is passed over', async t => {
  const dir = join(stateDir(t), 'canary');
  const history = historyFiles(dir);
  await Promise.all([history.append('rain', [line(1), line(2)]), history.append('rain', [line(3)])]);
  appendFileSync(join(dir, 'rain.jsonl'), '{"revision":4,"at\n');
  await history.append('rain', [line(5)]);
  t.strictSame(
    (await historyFiles(dir).read('rain', 10)).map(({ revision }) => revision),
    [1, 2, 3, 5],
  );
  t.strictSame(
    (await history.read('rain', 2)).map(({ revision }) => revision),
    [3, 5],
  );
  t.strictSame(await history.read('snow', 10), []);
});

test('what was done is found behind any number of looks', async t => {
  const history = historyFiles(stateDir(t));
  await history.append('rain', [{ ...line(1), act: 'start' }, line(2), { ...line(3), act: 'pause' }, line(4), line(5)]);
  const revisions = async (most: number) =>
    (await history.read('rain', most, { actsOnly: true })).map(({ revision }) => revision);
  t.strictSame(await revisions(10), [1, 3]);
  t.strictSame(await revisions(1), [3]);
});

test('a file that has grown too long becomes the former one', async t => {
  const dir = stateDir(t);
  const history = historyFiles(dir);
  await history.append('rain', [line(1)]);
  writeFileSync(join(dir, 'rain.jsonl'), `${JSON.stringify(line(2))}\n${' '.repeat(20_000_001)}\n`);
  await history.append('rain', [line(3)]);
  t.strictSame(
    (await history.read('rain', 10)).map(({ revision }) => revision),
    [2, 3],
  );
});

test('a history that cannot be written says so, and the next line is tried', async t => {
  const dir = stateDir(t);
  writeFileSync(join(dir, 'file'), '');
  const history = historyFiles(join(dir, 'file'));
  await t.rejects(history.append('rain', [line(1)]));
  await t.rejects(history.append('rain', [line(2)]));
});
