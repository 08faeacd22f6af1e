import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { type Climbs, climb } from '../../../src/rollout/canary/simulated-climb.ts';
import { simulateClimbs } from '../../../src/rollout/canary/table.ts';
import { canaryOptions } from '../../helpers/canary-record.ts';

const climbs: Climbs = {
  ...{
    options: canaryOptions({ steps: [5, 25, 50, 100] }),
    base: 0.001,
    drift: 3,
    callsPerLook: 2_000,
    looks: 100,
    runs: 40,
    seed: 3,
  },
};

test('a canary as good as stable is promoted, though costs, losses and errors move while its share and regions grow', t => {
  const { promoted, ended, by } = climb(climbs);
  t.ok(ended <= 1, `${ended} of ${climbs.runs} ended: ${JSON.stringify(by)}`);
  t.ok(promoted >= 0.9 * climbs.runs, `${promoted} promoted`);
  t.end();
});

test('errors that rise ninefold while it has all calls send a good one back to be compared, and end none', t => {
  const options = canaryOptions({ steps: [20, 50, { share: 100, minSample: 60_000 }] });
  const { verified, ended, promoted } = climb({ ...climbs, options, base: 0.05, looks: 60, runs: 60, seed: 4 });
  t.ok(verified >= 2, `${verified} looked broken`);
  t.equal(ended, 0);
  t.ok(promoted >= 40, `${promoted} promoted`);
  t.end();
});

test('what is worse is seen in the same world', t => {
  const few = { ...climbs, runs: 10 };
  const dearer = climb({ ...few, worse: { cost: 2 } });
  t.same([dearer.ended, dearer.by], [10, { cost: 10 }], 'twice as dear, where half as much again is allowed');
  const wrong = climb({ ...few, options: canaryOptions({ steps: [10, 50], minSample: 2_000 }), worse: { loss: 1.8 } });
  t.same([wrong.rolledBack, wrong.by], [10, { quality: 10 }]);
  const slow = climb({ ...few, worse: { latency: 1.6 } });
  t.equal(slow.rolledBack, 10, `${JSON.stringify(slow.by)}`);
  t.end();
});

test('the table in the docs is what the simulation gives', t => {
  const docs = readFileSync(new URL('../../../docs/canary.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \|$/gm)];
  const runs = 15;
  const lines = simulateClimbs(runs);
  t.equal(rows.length, lines.length);
  for (const [index, { base, climbed }] of lines.entries()) {
    const [, said, rolledBack = 0, held = 0, promoted = 0] = (rows[index] ?? []).map(Number);
    t.equal(said, 100 * base);
    t.ok(rolledBack + held < 1, `${base}: ${rolledBack + held} % ended wrongly`);
    t.ok(climbed.ended <= 1, `${base}: ${climbed.ended} of ${runs} here`);
    const error = Math.sqrt((promoted / 100) * (1 - promoted / 100) * runs);
    t.ok(
      Math.abs(climbed.promoted - (promoted / 100) * runs) <= 4 * error + 1,
      `${base}: ${climbed.promoted} promoted`,
    );
  }
  t.end();
});
