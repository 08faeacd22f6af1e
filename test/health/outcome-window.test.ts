import fc from 'fast-check';
import { test } from 'tap';
import { OutcomeWindow } from '../../src/health/outlier.ts';

const rules = { consecutiveFailures: 5, failureRate: 0.5, minimumRequests: 20, windowMs: 10_000 };

test('the ring counts what a plain list of calls would, to within its oldest tenth', async t => {
  const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 4_000 }), ill: fc.boolean() }), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(steps, history => {
      const window = new OutcomeWindow(rules);
      const calls: { at: number; ill: boolean }[] = [];
      let now = 1_000;
      let inARow = 0;
      for (const { afterMs, ill } of history) {
        now += afterMs;
        window.record(ill, now);
        calls.push({ at: now, ill });
        inARow = ill ? inARow + 1 : 0;
        const oldestSlice = Math.floor(now / 1_000) - 9;
        const kept = calls.filter(call => Math.floor(call.at / 1_000) >= oldestSlice);
        const failures = kept.filter(call => call.ill).length;
        const verdict =
          inARow >= 5
            ? 'consecutive-failures'
            : kept.length >= 20 && failures >= kept.length / 2
              ? 'failure-rate'
              : 'well';
        if (window.calls !== kept.length || window.failures !== failures) return false;
        if (window.failuresInARow !== inARow || window.verdict(now) !== verdict) return false;
      }
      return true;
    }),
    { seed: 5, numRuns: 500 },
  );
  t.pass('same counts, same verdict');
});

test('an emptied window knows nothing', async t => {
  const window = new OutcomeWindow(rules);
  for (let count = 0; count < 30; count += 1) window.record(true, 1_000);
  window.empty();
  t.match(window, { calls: 0, failures: 0, failuresInARow: 0 });
  t.equal(window.verdict(1_000), 'well');
});
