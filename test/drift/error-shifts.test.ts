import { test } from 'tap';
import { driftBench } from '../helpers/drift.ts';

test('errors that become more frequent are noticed as ground truth comes in, and only then', async t => {
  const bench = await driftBench(t, { monitor: { payload: { threshold: 0.5 } } });
  const tell = (count: number, wrong: (index: number) => boolean) => {
    for (let i = 0; i < count; i++)
      bench.drift.joined({
        model: 'rain',
        version: 'v1',
        inferenceId: `${i}`,
        predicted: 0.9,
        truth: wrong(i) ? 0 : 1,
      });
  };
  const shifts = () => bench.counted.all().find(({ name }) => name === 'meridian_error_shifts_total')?.value ?? 0;
  tell(2_000, i => i % 10 === 0);
  t.equal(shifts(), 0);
  tell(100, i => i % 2 === 0);
  t.equal(shifts(), 1);
  t.match(bench.judged('performance'), [{ statistic: 'page-hinkley', level: 'drifted', version: 'v1' }]);
  t.equal(bench.events.filter(({ type }) => type === 'truth-joined').length, 2_100);
});

test('errors of numbers go by their own usual size', async t => {
  const bench = await driftBench(t);
  const tell = (count: number, error: (index: number) => number) => {
    for (let i = 0; i < count; i++)
      bench.drift.joined({ model: 'rain', version: 'v1', inferenceId: `${i}`, predicted: 1e6 + error(i), truth: 1e6 });
  };
  tell(1_000, i => (i % 3) * 1_000);
  t.strictSame(bench.judged('performance'), []);
  tell(60, () => 9_000);
  t.ok(bench.judged('performance').length > 0);
});

test('one truth, however far off, is no shift, and does not hide the next', async t => {
  for (const before of [0, 5, 10, 29, 30, 1_000]) {
    for (const farOff of [1e6, 1.7e308]) {
      const bench = await driftBench(t);
      const tell = (count: number, error: number) => {
        for (let i = 0; i < count; i++)
          bench.drift.joined({
            model: 'rain',
            version: 'v1',
            inferenceId: `${i}`,
            predicted: error * (1 + (i % 3)),
            truth: 0,
          });
      };
      tell(before, 1);
      tell(1, farOff);
      tell(500, 1);
      t.strictSame(bench.judged('performance'), [], `${farOff} after ${before}`);
      tell(100, 5);
      t.ok(bench.judged('performance').length > 0, `what lasts is seen, though ${farOff} came after ${before}`);
    }
  }
});
