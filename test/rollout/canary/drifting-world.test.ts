import { test } from 'tap';
import { type Climbs, climb } from '../../../src/rollout/canary/simulated-climb.ts';
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
