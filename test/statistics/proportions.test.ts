import fc from 'fast-check';
import { test } from 'tap';
import { clopperPearsonInterval, wilsonInterval } from '../../src/statistics/proportions.ts';
import { agree } from '../helpers/agree.ts';

test('intervals of a share agree with scipy', async t => {
  agree(t, [
    ['Wilson 3/100 low', wilsonInterval(3, 100).low, 0.010254524024],
    ['Wilson 3/100 high', wilsonInterval(3, 100).high, 0.0845193642905],
    ['Wilson 0/50 low', wilsonInterval(0, 50).low, 0],
    ['Wilson 0/50 high', wilsonInterval(0, 50).high, 0.0713475991334],
    ['Wilson 10/200 low', wilsonInterval(10, 200).low, 0.0273826456008],
    ['Wilson 10/200 high', wilsonInterval(10, 200).high, 0.0895781481388],
    ['Clopper-Pearson 3/100 low', clopperPearsonInterval(3, 100).low, 0.00622997153831],
    ['Clopper-Pearson 3/100 high', clopperPearsonInterval(3, 100).high, 0.0851760529743],
    ['Clopper-Pearson 0/50 low', clopperPearsonInterval(0, 50).low, 0],
    ['Clopper-Pearson 0/50 high', clopperPearsonInterval(0, 50).high, 0.0711217364642],
    ['Clopper-Pearson 10/200 low', clopperPearsonInterval(10, 200).low, 0.0242341654721],
    ['Clopper-Pearson 10/200 high', clopperPearsonInterval(10, 200).high, 0.0900275377016],
  ]);
  t.same(wilsonInterval(0, 0), { low: 0, high: 1 }, 'nothing seen, nothing known');
  t.same(clopperPearsonInterval(0, 0), { low: 0, high: 1 });
});

test('an interval holds its share, mirrors, and widens with confidence', async () => {
  const seen = fc.integer({ min: 1, max: 500 }).chain(n => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
  fc.assert(
    fc.property(seen, ([k, n]) =>
      [wilsonInterval, clopperPearsonInterval].every(interval => {
        const [at, mirrored, wide] = [interval(k, n), interval(n - k, n), interval(k, n, 0.99)];
        const holds = at.low >= 0 && at.low <= k / n && k / n <= at.high && at.high <= 1;
        const wider = wide.low <= at.low + 1e-12 && wide.high >= at.high - 1e-12;
        return holds && wider && Math.abs(mirrored.low - (1 - at.high)) < 1e-9;
      }),
    ),
  );
});
