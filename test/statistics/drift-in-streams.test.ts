import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { type Adwin, adwinCut, adwinMean, noAdwin, stepAdwin } from '../../src/statistics/adwin.ts';
import { momentsOf } from '../../src/statistics/moments.ts';
import { noPageHinkley, stepPageHinkley, usualPageHinkley } from '../../src/statistics/page-hinkley.ts';
import { agree, close } from '../helpers/agree.ts';
import { countRuns } from '../helpers/draws.ts';

/** Index and sum of the first alarm for a hundred zeros, then ones. */
function firstAlarm(threshold: number): { at: number; sum: number } {
  let state = noPageHinkley;
  for (let at = 0; at < 400; at += 1) {
    state = stepPageHinkley(state, at < 100 ? 0 : 1, { ...usualPageHinkley, threshold });
    if (state.drifted) return { at, sum: state.sum };
  }
  return { at: -1, sum: 0 };
}

test('Page and Hinkley fire where river does', async t => {
  agree(t, [
    ['at, usual threshold', firstAlarm(50).at, 166],
    ['sum, usual threshold', firstAlarm(50).sum, 50.5657404268],
    ['at, threshold 5', firstAlarm(5).at, 105],
    ['sum, threshold 5', firstAlarm(5).sum, 5.76722227478],
  ]);
});

test('Page and Hinkley begin anew after an alarm, and not before thirty values', async t => {
  const options = { ...usualPageHinkley, threshold: 0.1 };
  let state = noPageHinkley;
  let alarms = 0;
  for (let at = 0; at < 29; at += 1) {
    state = stepPageHinkley(state, at, options);
    if (state.drifted) alarms += 1;
  }
  t.equal(alarms, 0);
  state = stepPageHinkley(state, 29, options);
  t.ok(state.drifted);
  t.match(stepPageHinkley(JSON.parse(JSON.stringify(state)), 7, options), { count: 1, mean: 7, drifted: false });
});

test('the cut of ADWIN agrees with the reference', async t => {
  agree(t, [['n0 = n1 = 100', adwinCut(100, 100, 0.25, 0.002), 0.407168738733]]);
});

/** The linear congruential stream the reference run of river was given, raised by a half from 1000 to 1999. */
function* stream(): Generator<number> {
  let state = 12_345;
  for (let at = 0; at < 3000; at += 1) {
    state = Number((BigInt(state) * 1_103_515_245n + 12_345n) % 2_147_483_648n);
    yield state / 2_147_483_648 + (at >= 1000 && at < 2000 ? 0.5 : 0);
  }
}

test('ADWIN notices both shifts at the value at which river does, and keeps the same window', async t => {
  const alarms = new Map<number, Adwin>();
  let window = noAdwin;
  let at = 0;
  for (const value of stream()) {
    window = stepAdwin(window, value);
    if (window.drifted) alarms.set(at, window);
    at += 1;
  }
  // Later checks shed more of the old level here than river's do: all cuts between buckets are tried.
  const [up, down] = [alarms.get(1055), alarms.get(2047)];
  t.equal(Math.min(...alarms.keys()), 1055, 'nothing before the first shift');
  agree(t, [
    ['values after the rise', up?.count ?? 0, 128],
    ['their sum', up?.sum ?? 0, 90.9145458638668],
    ['their spread', up?.m2 ?? 0, 18.713334579452724],
    ['values after the fall', down?.count ?? 0, 128],
    ['their sum', down?.sum ?? 0, 104.53785023093224],
    ['their spread', down?.m2 ?? 0, 15.534895117168942],
  ]);
  t.ok(Math.abs(adwinMean(window) - 0.5) < 0.05, `${adwinMean(window)} is the new level`);
  t.ok(window.rows.length <= 9, 'memory is logarithmic');
});

test('ADWIN takes no handful of values for a part of its own', async t => {
  let window = noAdwin;
  for (let at = 0; at < 32; at += 1) window = stepAdwin(window, at < 27 ? 0 : 100);
  t.equal(window.drifted, false, 'five outliers in 32 values');
  for (let at = 0; at < 32; at += 1) window = stepAdwin(window, 100);
  t.ok(window.drifted, 'which 37 are not');
});

test('ADWIN leaves a steady stream alone', async t => {
  const random = seededRandom(10);
  const alarmed = countRuns(30, () => {
    let window = noAdwin;
    let shrunk = false;
    for (let at = 0; at < 1000; at += 1) {
      window = stepAdwin(window, random() < 0.2 ? 1 : 0);
      shrunk ||= window.drifted;
    }
    return shrunk;
  });
  t.ok(alarmed <= 1, `${alarmed} of 30`);
});

test('the window of ADWIN has the moments of the values it holds, also after JSON', async () => {
  const value = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 5, max: 6, noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 150 }), fc.boolean(), (values, shifted) => {
      const all = shifted ? [...values, ...values.map(each => each + 20)] : values;
      let window: Adwin = noAdwin;
      for (const each of all) window = JSON.parse(JSON.stringify(stepAdwin(window, each)));
      const held = momentsOf(all.slice(all.length - window.count));
      const counted = window.rows.reduce((sum, row, at) => sum + row.length * 2 ** at, 0) === window.count;
      const mean = close(adwinMean(window), held.mean, 1e-6);
      return counted && mean && Math.abs(window.m2 - held.m2) <= 1e-6 * (1 + 400 * all.length);
    }),
  );
});
