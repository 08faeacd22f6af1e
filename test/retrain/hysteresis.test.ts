import fc from 'fast-check';
import { test } from 'tap';
import { judgeWindows, type WindowLevel, WindowMemory } from '../../src/retrain/windows.ts';

const marks = { drifted: 3, of: 4, clear: 3 };
const d = 'drifted';
const b = 'between';
const c = 'clear';
const x = 'too-few';

test('k of m windows are drift, j in a row below the low mark end it', async t => {
  const cases: [WindowLevel[], string][] = [
    [[d], 'unchanged'],
    [[d, d], 'unchanged'],
    [[d, d, d], 'drifted'],
    [[d, d, c, d], 'drifted'],
    [[d, d, c, c, d], 'unchanged'],
    [[d, b, b, d, d], 'unchanged'],
    [[d, x, d, x, x, d], 'drifted'],
    [[c, c], 'unchanged'],
    [[c, c, c], 'clear'],
    [[c, x, c, x, c], 'clear'],
    [[c, b, c, c], 'unchanged'],
    [[d, d, d, c, c, c], 'clear'],
    [[x, x, x, x], 'unchanged'],
    [[], 'unchanged'],
  ];
  for (const [levels, verdict] of cases) t.equal(judgeWindows(levels, marks), verdict, levels.join(' '));
});

test('values that hover between the marks neither begin nor end anything', async t => {
  const between = fc.array(fc.constantFrom<WindowLevel>(b, x), { maxLength: 50 });
  fc.assert(fc.property(between, levels => judgeWindows(levels, marks) === 'unchanged'));
  t.pass();
});

test('memory judges as the whole history would, each window once', async t => {
  const level = fc.constantFrom<WindowLevel>(d, b, c, x);
  const someMarks = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 5 }))
    .map(([drifted, more, clear]) => ({ drifted, of: drifted + more, clear }));
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 40 }), someMarks, (levels, given) => {
      const memory = new WindowMemory();
      return levels.every((each, index) => {
        const verdict = memory.add('a', each, index, given, index);
        const again = memory.add('a', each, index, given, index);
        const whole = each === x ? 'unchanged' : judgeWindows(levels.slice(0, index + 1), given);
        return verdict === whole && again === 'unchanged';
      });
    }),
  );
  t.pass();
});

test('what belongs to a model is forgotten when its baseline changes', async t => {
  const memory = new WindowMemory();
  for (const at of [1, 2]) memory.add('rain/v1/psi', d, at, marks, at);
  memory.forget('rain/');
  t.equal(memory.add('rain/v1/psi', d, 3, marks, 3), 'unchanged', 'two of three are gone');
});

test('a thousand features in nine scopes, of two monitors, all add up: none pushes another out before its next window', async t => {
  const memory = new WindowMemory();
  const keys = Array.from({ length: 18_000 }, (_, index) => `rain/v1/features/f${index}`);
  const pass = (of: WindowMemory, hour: number) => keys.map(key => of.add(key, 'drifted', hour, marks, hour));
  pass(memory, 1);
  pass(memory, 2);
  const restarted = new WindowMemory();
  restarted.restore(memory.text('rain/'));
  for (const each of [memory, restarted]) t.ok(pass(each, 3).every(verdict => verdict === 'drifted'));
});
