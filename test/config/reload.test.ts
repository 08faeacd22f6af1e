import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { diffImmovable } from '../../src/config/immovable.ts';
import { loadConfig } from '../../src/config/load.ts';
import { watchConfig } from '../../src/config/reload.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { systemClock } from '../../src/core/clock.ts';
import { edited, resolvedText, soundConfig } from '../helpers/config-texts.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';

const weighing = (weight: number) => edited('weight: 90', `weight: ${weight}`);

/** A watched config, and what became of each change: the weight in force after it, or why it was refused. */
function watched(t: Test, path: string, clock: ManualClock | typeof systemClock) {
  const first = loadConfig(path, {});
  if (!first.ok) throw new Error('the first config must load');
  let inForce: ResolvedConfig = first.resolved;
  const heard: (number | string)[] = [];
  const watch = watchConfig({
    path,
    env: {},
    clock,
    inForce: () => inForce,
    onReload: async next => {
      inForce = next;
      heard.push(next.models.get('rain')?.versions[0]?.weight ?? 'no rain');
    },
    onRefused: reasons => heard.push(reasons.join('\n').replaceAll(`${path}:`, '')),
  });
  t.teardown(() => watch.stop());
  return { watch, heard, inForce: () => inForce };
}

/** Long enough for a poll to see a change and for it to settle, in one step each. */
function pass(clock: ManualClock): void {
  clock.advance(5_000);
  clock.advance(200);
}

test('a change takes effect once, after it has settled', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = manualClock();
  const { heard } = watched(t, path, clock);
  clock.advance(5_000);
  t.same(heard, [], 'nothing changed, nothing read');
  writeFileSync(path, weighing(50));
  clock.advance(5_000);
  t.same(heard, [], 'seen, but perhaps still being written');
  clock.advance(200);
  pass(clock);
  t.same(heard, [50]);
});

test('a broken config is refused once with its reasons, and the last good one stays', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = manualClock();
  const { heard, inForce } = watched(t, path, clock);
  const before = inForce();
  writeFileSync(path, weighing(50).replace('auth: none', 'auth: none\nreplica: 2'));
  pass(clock);
  pass(clock);
  t.same(heard, ['2: replica: unknown key; did you mean "replicas"?']);
  t.equal(inForce(), before, 'nothing of it took effect, not even the part that was right');
  rmSync(path);
  pass(clock);
  t.match(heard[1], /cannot be read \(ENOENT\)/);
  writeFileSync(path, weighing(60));
  pass(clock);
  t.equal(heard[2], 60, 'the next good one takes effect');
});

test('what needs a restart is refused whole, without showing values', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = manualClock();
  const { heard, inForce } = watched(t, path, clock);
  const before = inForce();
  const moved =
    'auth: none\nlisten: { data: 127.0.0.1:1234 }\nredis: { url: redis://:hunter2@127.0.0.1 }\nstateDir: /elsewhere';
  writeFileSync(path, weighing(50).replace('auth: none', moved));
  pass(clock);
  t.equal(inForce(), before);
  t.same(heard, [
    'listen changed, and the ports are open; restart to change it, or put it back\n' +
      'stateDir changed, and its files are open; restart to change it, or put it back\n' +
      'redis changed, and its connection is open; restart to change it, or put it back',
  ]);
});

test('everything else moves', async t => {
  const still = ['replicas: 3', 'admin: { hosts: [a] }', 'health: { windowMs: 9000 }', 'credentials: default'];
  const key = `auth: { keys: [{ id: a, tenant: a, sha256: ${'a'.repeat(64)} }] }`;
  for (const words of [...still.map(line => `auth: none\n${line}`), key]) {
    t.same(diffImmovable(resolvedText(soundConfig), resolvedText(edited('auth: none', words))), [], words);
  }
  const moved = [
    'log: { level: warn }',
    'limits: { drainMs: 1 }',
    'connections: { keepAliveMs: 2000 }',
    'retryBudget: { ratio: 0 }',
    'cacheStore: { maxBytes: 0 }',
  ];
  for (const words of moved) {
    const next = resolvedText(edited('auth: none', `auth: none\n${words}`).replace('maxBytes: 0', 'maxBytes: 9000000'));
    t.equal(diffImmovable(resolvedText(soundConfig), next).length, 1, words);
  }
});

test('SIGHUP reads at once, and tells whether it took effect', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = manualClock();
  const { watch, heard } = watched(t, path, clock);
  writeFileSync(path, weighing(70));
  t.equal(await watch.reload(), true);
  t.same(heard, [70]);
  writeFileSync(path, 'auth: [');
  t.equal(await watch.reload(), false);
  pass(clock);
  t.equal(heard.length, 2, 'and the poll does not repeat it');
});

test('a file renamed into place is seen', async t => {
  const directory = t.testdir({ 'c.yaml': soundConfig });
  const path = join(directory, 'c.yaml');
  const clock = manualClock();
  const { heard } = watched(t, path, clock);
  writeFileSync(join(directory, 'c.yaml.new'), weighing(20));
  renameSync(join(directory, 'c.yaml.new'), path);
  pass(clock);
  t.same(heard, [20]);
});

test('a file gone for a moment and back as it was is not read again', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = manualClock();
  const { heard } = watched(t, path, clock);
  renameSync(path, `${path}.away`);
  clock.advance(5_000);
  renameSync(`${path}.away`, path);
  clock.advance(200);
  t.same(heard, []);
});

test('a symlink swapped as Kubernetes swaps a mounted config map is seen', async t => {
  const directory = t.testdir({ '..1': { 'c.yaml': soundConfig }, '..2': { 'c.yaml': weighing(30) } });
  symlinkSync('..1', join(directory, '..data'));
  symlinkSync(join('..data', 'c.yaml'), join(directory, 'c.yaml'));
  const clock = manualClock();
  const { heard } = watched(t, join(directory, 'c.yaml'), clock);
  symlinkSync('..2', join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  pass(clock);
  t.same(heard, [30]);
});

test('a model file added to a directory is seen', async t => {
  const [top = '', models = ''] = soundConfig.split('models:\n');
  const [rain = '', drizzle = ''] = models.split('  drizzle:\n');
  const body = (text: string) => text.replace('  rain:\n', '').replace(/^ {4}/gm, '');
  const directory = t.testdir({ 'gateway.yaml': top, models: { 'drizzle.yaml': body(drizzle) } });
  const clock = manualClock();
  const { heard, inForce } = watched(t, directory, clock);
  writeFileSync(join(directory, 'models', 'rain.yaml'), body(rain));
  pass(clock);
  t.same(heard, [90]);
  t.same([...inForce().models.keys()], ['drizzle', 'rain']);
});

test('the file system’s own word is enough, without waiting for a poll', async t => {
  const path = join(t.testdir({ 'c.yaml': soundConfig }), 'c.yaml');
  const clock = { ...systemClock, every: () => () => {} };
  const { heard } = watched(t, path, clock);
  writeFileSync(path, weighing(40));
  await eventually(t, 'the change took effect', () => heard.includes(40));
});

test('stopping leaves no timer and hears nothing more', async t => {
  const directory = t.testdir({ 'c.yaml': soundConfig });
  mkdirSync(join(directory, 'models'));
  const clock = manualClock();
  const { watch, heard } = watched(t, join(directory, 'c.yaml'), clock);
  writeFileSync(join(directory, 'c.yaml'), weighing(50));
  clock.advance(5_000);
  watch.stop();
  t.equal(clock.timers, 0);
  clock.advance(60_000);
  t.same(heard, []);
});
