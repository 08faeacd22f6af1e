import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { startDemo } from '../helpers/demo.ts';

/** The last line that was printed, without the time a link of the story begins with. */
const lastLine = (out: string) => out.trimEnd().split('\n').at(-1);

test('the season turns: drift is seen, the model trained anew, tried and promoted, and it is better then', async t => {
  const demo = await startDemo(t, {
    file: 'scenarios/drift.yaml',
    args: ['--scenario', 'drift', '--rate', '200'],
    edits: [
      [
        'paneSeconds: 5, tumblingPanes: 1, minRecords: 300, minTruths: 150',
        'paneSeconds: 2, tumblingPanes: 1, minRecords: 150, minTruths: 60',
      ],
      ['minSample: 100, bakeMs: 3000', 'minSample: 50, bakeMs: 500'],
      ['steps: [10, 50, 100]', 'steps: [50, 100]'],
      ['bakeMs: 4000', 'bakeMs: 1000'],
    ],
  });
  const code = await demo.ended;
  const { out, err } = demo.seen;
  t.equal(code, 0, out.slice(-3_000));
  t.equal(lastLine(out), 'promoted');
  t.notOk(/ waits for .{110}/.test(out), 'lines that a person can take in');
  const links = [
    /accuracy {5}winter days, version winter: 6\d/,
    /season {7}summer/,
    /drift {8}rain winter: features temp_max/,
    /episode {6}rain confirmed/,
    /action {7}pipeline started: pipeline rain-retrain in us-west-2/,
    /new version {2}rain r1/,
    /canary {7}rain r1 shadowing/,
    /canary {7}rain r1 promoted/,
  ];
  let from = 0;
  for (const link of links) {
    const found = out.slice(from).search(link);
    t.ok(found >= 0, `${link} is told, in its turn`);
    from += Math.max(0, found);
  }
  const [, before = '', after = ''] = /version winter: ([\d.]+) % of [\d,]+; r1: ([\d.]+) %/.exec(out) ?? [];
  t.ok(Number(after) > Number(before) + 30, `right in summer: ${before} % before, ${after} % after`);
  t.equal(err, '');
  t.throws(() => process.kill(-(demo.child.pid ?? 0), 0), { code: 'ESRCH' }, 'no process of its group is left');
});

test('a wrong version is condemned by what it predicts, and taken back', async t => {
  const demo = await startDemo(t, {
    file: 'scenarios/bad-canary.yaml',
    args: ['--scenario', 'bad-canary', '--rate', '200'],
  });
  const code = await demo.ended;
  const { out } = demo.seen;
  t.equal(code, 0, out.slice(-3_000));
  t.equal(lastLine(out), 'rolled back');
  t.match(out, /rain v3 rolled-back, 0 %: (predictions|quality): .* reached /, 'with the statistic that condemned it');
});

test('a scenario that is interrupted leaves nothing behind and did not come true', async t => {
  const demo = await startDemo(t, { file: 'scenarios/bad-canary.yaml', args: ['--scenario', 'bad-canary'] });
  demo.child.stdout.once('data', () => demo.child.kill('SIGINT'));
  t.equal(await demo.ended, 1);
  t.equal(lastLine(demo.seen.out), 'interrupted: not rolled back');
  t.throws(() => process.kill(-(demo.child.pid ?? 0), 0), { code: 'ESRCH' });
});

test('a scenario that nobody reads any more, as after `| head`, ends without a stack trace or a process', async t => {
  const demo = await startDemo(t, { file: 'scenarios/bad-canary.yaml', args: ['--scenario', 'bad-canary'] });
  demo.child.stdout.once('data', () => demo.child.stdout.destroy());
  t.equal(await demo.ended, 1);
  t.equal(demo.seen.err, '');
  t.throws(() => process.kill(-(demo.child.pid ?? 0), 0), { code: 'ESRCH' });
});

test('a scenario whose simulator dies ends at once, says so, and did not come true', async t => {
  const demo = await startDemo(t, { file: 'scenarios/bad-canary.yaml', args: ['--scenario', 'bad-canary'] });
  demo.child.stdout.once('data', () => {
    const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
    const own = stdout.split('\n').map(line => line.trim().split(/\s+/));
    const simulator = own.find(
      ([, parent, ...args]) => Number(parent) === demo.child.pid && /sim\/main/.test(`${args}`),
    );
    process.kill(Number(simulator?.[0]), 'SIGKILL');
  });
  t.equal(await demo.ended, 1);
  t.match(demo.seen.out, /the simulator ended by itself \(SIGKILL\)\nnot rolled back\n$/);
});

test('a scenario nobody knows is named with those there are', async t => {
  const demo = await startDemo(t, { args: ['--scenario', 'winter'] });
  t.equal(await demo.ended, 2);
  t.match(demo.seen.err, /No scenario is called winter: there are outage, drift, bad-canary/);
});
