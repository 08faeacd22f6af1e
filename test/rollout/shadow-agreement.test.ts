import fc from 'fast-check';
import { test } from 'tap';
import type { ShadowTolerance } from '../../src/core/model.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Answer } from '../../src/core/result.ts';
import { countAgreement } from '../../src/rollout/shadow-agreement.ts';
import { compareAnswers, noAnswer } from '../../src/rollout/shadow-compare.ts';
import { createScores } from '../../src/rollout/shadow-scores.ts';

const tolerance: ShadowTolerance = { absolute: 0.001, relative: 0.01, maxBytes: 1_000 };
const answerOf = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});
const read = ({ body }: Answer) => JSON.parse(String(body)) as (number | string)[];
const compare = (primary: unknown, shadow: unknown, some: Partial<ShadowTolerance> = {}) =>
  compareAnswers(answerOf(primary), answerOf(shadow), { ...tolerance, ...some }, read);

test('how far two answers agree', async t => {
  t.match(compare([0.2, 'rain'], [0.2, 'rain']), { agreement: 'exact', differences: [0], labels: 1 });
  t.match(compare([0.2], '[0.20]'), { agreement: 'close', differences: [0] }, 'other bytes, the same number');
  t.match(compare([100], [100.9]), { agreement: 'close' }, 'within a hundredth of the primary’s');
  t.match(compare([0], [0.002]), { agreement: 'different', differences: [0.002] });
  t.match(compare(['rain'], ['sun']), { agreement: 'different', labels: 1, labelsDiffering: 1 });
  t.match(compare([0.2], [0.2, 0.2]), { agreement: 'different' }, 'another number of predictions');
  t.match(compare([0.2], ['0.2']), { agreement: 'different', labelsDiffering: 1 }, 'a number became a text');
});

test('a threshold makes labels of scores', async t => {
  const some = { threshold: 0.5 };
  t.match(compare([0.9], [0.6], some), { agreement: 'same-label', labels: 1, labelsDiffering: 0 });
  t.match(compare([0.9], [0.4], some), { agreement: 'different', labels: 1, labelsDiffering: 1 });
  t.match(compare([0.5], [0.4995], some), { agreement: 'close', labelsDiffering: 1 }, 'close, and decided otherwise');
});

test('what cannot be read is told apart from what differs', async t => {
  t.match(compare([0.2], 'not JSON'), { agreement: 'unreadable', differences: [] });
  t.match(compare('not JSON', [0.2]), { agreement: 'unreadable' });
  t.match(compare('not JSON', 'not JSON'), { agreement: 'exact' }, 'the same bytes are the same');
  const long = Array.from({ length: 600 }, () => 1);
  t.match(compare(long, [...long, 1]), { agreement: 'unreadable', primary: [] }, 'too long to be read');
});

test('property: an answer agrees exactly with itself, and closeness has two sides of the same width', async t => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(fc.array(fc.oneof(number, fc.string()), { minLength: 1, maxLength: 20 }), values => {
      const { agreement, labelsDiffering } = compare(values, values, { maxBytes: 1e9, threshold: 0 });
      return agreement === 'exact' && labelsDiffering === 0;
    }),
  );
  fc.assert(
    fc.property(number, fc.double({ noNaN: true, min: 0, max: 1 }), (value, part) => {
      const width = (tolerance.absolute + tolerance.relative * Math.abs(value)) * 0.999 * part;
      return [value - width, value + width].every(other => compare([value], [other]).agreement !== 'different');
    }),
  );
  t.pass('held');
});

test('numbers at their limits, and beyond, differ by a number', async t => {
  t.match(compare('[1e999]', '[5]'), { agreement: 'different', differences: [1e100] }, 'infinite is near nothing');
  t.match(compare('[1e999]', '[1e999, 2]'), { agreement: 'different', differences: [0] });
  t.match(compare('[1e999]', '[ 1e999]'), { agreement: 'close', differences: [0] });
  t.match(compare([1.7e308], [-1.7e308]), { agreement: 'different', differences: [1e100] });
  const odd = fc.constantFrom(
    '1e999',
    '-1e999',
    '1e308',
    '-1e308',
    '5e-324',
    '0',
    '-0',
    '"x"',
    '""',
    'null',
    '[]',
    '{}',
  );
  fc.assert(
    fc.property(fc.array(odd, { maxLength: 5 }), fc.array(odd, { maxLength: 5 }), (one, other) => {
      const scores = createScores();
      const plain = (answer: Answer) => read(answer).filter(each => ['number', 'string'].includes(typeof each));
      const [primary, shadow] = [one, other].map(list => answerOf(`[${list.join(',')}]`));
      if (primary === undefined || shadow === undefined) return false;
      const found = compareAnswers(primary, shadow, { ...tolerance, threshold: 0.5 }, plain);
      for (let pair = 0; pair < 60; pair += 1) scores.add(found.primary, found.shadow);
      const psi = scores.psi() ?? 0;
      return Number.isFinite(psi) && found.differences.every(each => each >= 0 && each <= 1e100);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('scores that are spread alike are stable, shifted ones are not', async t => {
  const random = seededRandom(7);
  const alike = createScores();
  const shifted = createScores();
  for (let pair = 0; pair < 2_000; pair += 1) {
    const score = random();
    alike.add([score], [random()]);
    shifted.add([score], [score ** 3]);
    if (pair < 48) t.equal(alike.psi(), undefined, 'too few');
  }
  t.ok((alike.psi() ?? 1) < 0.03, `alike: ${alike.psi()}`);
  t.ok((shifted.psi() ?? 0) > 0.25, `shifted: ${shifted.psi()}`);
  t.equal(alike.count, 2_000);
});

test('labels have a bin each, and endless labels a bound', async t => {
  const scores = createScores();
  for (let pair = 0; pair < 5_000; pair += 1) scores.add([`label-${pair}`], [`label-${pair}`]);
  t.equal(scores.psi(), 0);
  for (let pair = 0; pair < 5_000; pair += 1) scores.add(['label-1'], ['label-2']);
  t.ok((scores.psi() ?? 0) > 1);
});

test('texts too long to be labels are not kept: they count as one', async t => {
  const scores = createScores();
  for (let pair = 0; pair < 100; pair += 1) scores.add(['x'.repeat(300)], ['y'.repeat(300)]);
  t.equal(scores.psi(), 0);
});

test('the summary adds up', async t => {
  const count = countAgreement(1_000);
  t.equal(count.summary().agreedShare, undefined, 'nothing compared is no agreement');
  for (const shadow of [[0.5], [0.5], '[0.50]', [0.9]]) {
    count.mirrored();
    count.compared(`call ${count.summary().compared}`, compare([0.5], shadow));
  }
  count.mirrored();
  count.compared('call 4', noAnswer);
  count.mirrored();
  count.dropped('queue-full');
  t.equal(count.summary().failedShare, 1 / 5);
  count.mirrored();
  count.dropped('timeout');
  t.equal(count.summary().failedShare, 2 / 6, 'an answer that never came is a failure too');
  t.equal(count.summary().unanswered, 0, 'it waited too long: nobody was asked');
  count.mirrored();
  count.dropped('timeout', true);
  const summary = count.summary();
  t.match(summary, { unanswered: 1, failedShare: 3 / 7 });
  t.match(summary, { sinceMs: 1_000, mirrored: 8, compared: 5, agreedShare: 3 / 5, largestDifference: 0.4, scores: 4 });
  t.match(summary.by, { exact: 2, close: 1, different: 1, failed: 1, unreadable: 0 });
  t.equal(summary.dropped['queue-full'], 1);
  t.same(summary.recent, [
    { requestId: 'call 4', agreement: 'failed' },
    { requestId: 'call 3', agreement: 'different' },
  ]);
});
