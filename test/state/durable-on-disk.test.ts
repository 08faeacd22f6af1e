import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Test, test } from 'tap';
import { fileState } from '../../src/state/file.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { stateDir } from '../helpers/state-dir.ts';

function bench(t: Test, dir = stateDir(t)) {
  const warnings: string[] = [];
  const clock = manualClock();
  const file = join(dir, 'state.jsonl');
  return { dir, file, warnings, clock, open: () => fileState({ dir, clock, warn: line => warnings.push(line) }) };
}
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;

test('what was set is there after a restart, what was deleted is not', async t => {
  const { open, warnings } = bench(t);
  const before = await open();
  await before.set('drain/eu-west-1', 'by anna');
  await before.set('drain/us-east-1', 'by ben');
  await before.set('drain/us-east-1', 'by ben, again');
  await before.set('purge/rain/*', '1');
  await before.delete('purge/rain/*');
  await before.delete('never there');
  await before.close();
  const after = await open();
  t.equal(after.get('drain/eu-west-1'), 'by anna');
  t.equal(after.get('purge/rain/*'), undefined);
  t.same([...after.list('drain/')].sort(), [
    ['drain/eu-west-1', 'by anna'],
    ['drain/us-east-1', 'by ben, again'],
  ]);
  t.equal(after.list('purge/').size, 0);
  t.same(warnings, []);
  await after.close();
});

test('a write is in the file when it resolves, and known only then', async t => {
  const { open, file } = bench(t);
  const store = await open();
  const written = store.set('a', '1');
  t.equal(store.get('a'), undefined);
  await written;
  t.match(readFileSync(file, 'utf8'), /"a"/);
  t.equal(store.get('a'), '1');
  await store.close();
});

test('writes made at once all last, the later of two to one key winning', async t => {
  const { open } = bench(t);
  const store = await open();
  await Promise.all([...Array(50).keys()].map(number => store.set(`k${number % 10}`, String(number))));
  await store.close();
  const after = await open();
  t.same(
    [...after.list('k').values()].sort(),
    [...Array(10).keys()].map(number => String(40 + number)),
  );
  await after.close();
});

test('a clock set back does not make a later write lose', async t => {
  const { open, dir } = bench(t);
  const store = await open();
  await store.set('a', 'old');
  await store.close();
  const back = await fileState({ dir, clock: manualClock(0), warn: () => undefined });
  await back.set('a', 'new');
  t.equal(back.get('a'), 'new');
  await back.close();
});

test('a last line cut short by a crash is dropped, and what follows is sound', async t => {
  const { open, file, warnings } = bench(t);
  const store = await open();
  await store.set('a', '1');
  await store.close();
  appendFileSync(file, '["b","0000017609');
  const after = await open();
  t.equal(after.get('a'), '1');
  await after.set('c', '3');
  await after.close();
  const again = await open();
  t.same([again.get('a'), again.get('b'), again.get('c')], ['1', undefined, '3']);
  t.same(warnings, []);
  await again.close();
});

test('wherever a crash cuts the file, every write acknowledged before the cut is there', async t => {
  const { open, file, dir } = bench(t);
  const store = await open();
  const ends = [0];
  for (let number = 0; number < 5; number += 1) {
    await store.set(`k${number}`, '⛅'.repeat(number));
    ends.push(statSync(file).size);
  }
  await store.close();
  const whole = readFileSync(file);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async length => {
      writeFileSync(file, whole.subarray(0, length));
      const cut = await fileState({ dir, clock: manualClock(), warn: line => t.fail(line) });
      const found = cut.list('k').size;
      await cut.close();
      return found === ends.filter(end => end > 0 && end <= length).length;
    }),
    { numRuns: 60, seed: 3 },
  );
  t.pass('for every cut tried');
});

test('a line that cannot be read is named and passed over', async t => {
  const { open, file, warnings } = bench(t);
  const store = await open();
  await store.set('a', '1');
  await store.close();
  appendFileSync(file, 'what is this\n["b","no stamp"]\n{"c":1}\n[1,2]\n');
  const after = await open();
  t.equal(after.get('a'), '1');
  t.equal(warnings.length, 4);
  t.match(warnings[0], /state\.jsonl, line 2/);
  await after.close();
});

test('the file is rewritten when most of it is past, and loses nothing by it', async t => {
  const { open, file } = bench(t);
  const store = await open();
  await store.set('kept', 'yes');
  for (let round = 0; round < 60; round += 1) {
    await Promise.all([...Array(50).keys()].map(number => store.set('busy', `${round}-${number}`)));
  }
  t.ok(linesOf(file) <= 1_100, `${linesOf(file)} lines for 3001 writes`);
  await store.set('after', 'too');
  await store.close();
  const again = await open();
  t.same([again.get('kept'), again.get('busy'), again.get('after')], ['yes', '59-49', 'too']);
  await again.close();
});

test('a write that the disk refuses is an error and changes nothing', async t => {
  const { open } = bench(t);
  const store = await open();
  await store.set('a', '1');
  await store.close();
  await t.rejects(store.set('a', '2'));
  t.equal(store.get('a'), '1');
});

test('a directory that cannot be created is told at once, also where the system never says so', async t => {
  for (const dir of ['/proc/meridian/state', '/dev/null/state'])
    await t.rejects(fileState({ dir, clock: manualClock(), warn: () => {} }), {
      message: /configure another stateDir/,
    });
});

test('deleted keys that may be forgotten leave the file, the others stay deleted for good', async t => {
  const { dir, clock, file, warnings } = bench(t);
  const mayForget = (key: string) => key.startsWith('job/');
  const open = () => fileState({ dir, clock, warn: line => warnings.push(line), mayForget });
  const store = await open();
  await store.set('drain/eu-west-1', 'by anna');
  await store.delete('drain/eu-west-1');
  await store.set('job/kept', 'running');
  const lives = async (id: number) => {
    for (const state of ['queued', 'running', 'completed']) await store.set(`job/${id}`, state);
    await store.delete(`job/${id}`);
  };
  await Promise.all(Array.from({ length: 2_000 }, (_, id) => lives(id)));
  await store.close();
  t.ok(linesOf(file) < 2_000, `${linesOf(file)} lines are left, fewer than were deleted`);
  const text = readFileSync(file, 'utf8');
  t.match(text, /"drain\/eu-west-1"/);
  const after = await open();
  t.same([...after.list('job/')], [['job/kept', 'running']]);
  await after.close();
  t.same(warnings, []);
});
