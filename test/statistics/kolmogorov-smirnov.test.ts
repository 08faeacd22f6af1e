import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { quantileEdges } from '../../src/statistics/edges.ts';
import { histogramOf } from '../../src/statistics/fixed-histogram.ts';
import {
  exactDistanceTail,
  kolmogorovSmirnov,
  kolmogorovSmirnovOfCounts,
  kolmogorovTail,
} from '../../src/statistics/kolmogorov-smirnov.ts';
import { agree } from '../helpers/agree.ts';

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test('the two-sample test agrees with scipy', async t => {
  const near = kolmogorovSmirnov(upTo(1, 10), upTo(3, 12));
  const far = kolmogorovSmirnov(upTo(1, 10), upTo(6, 15));
  const many = kolmogorovSmirnov(
    upTo(0, 199).map(i => i / 200),
    upTo(0, 149).map(j => 0.15 + (0.9 * j) / 150),
  );
  agree(t, [
    ['D near', near.distance, 0.2],
    ['p near', near.p, 0.994457554829],
    ['D far', far.distance, 0.5],
    ['p far', far.p, 0.167821342744],
    ['D many', many.distance, 0.153333333333],
    ['p many', many.p, 0.0323257212433],
  ]);
});

test("Kolmogorov's limit law agrees with scipy", async t => {
  agree(t, [
    ['sf(1)', kolmogorovTail(1), 0.269999671677],
    ['sf(1.3581)', kolmogorovTail(1.3581), 0.0499996304317],
    ['sf(0.5)', kolmogorovTail(0.5), 0.963945243665],
    ['sf(0.1)', kolmogorovTail(0.1), 1],
    ['sf(0.05)', kolmogorovTail(0.05), 1],
    ['sf(0.3)', kolmogorovTail(0.3), 0.9999906941986655],
    ['sf(0.999)', kolmogorovTail(0.999), 0.27107316411506394],
    ['sf(3)', kolmogorovTail(3), 3.045995948942526e-8],
    ['sf(0)', kolmogorovTail(0), 1],
  ]);
});

test('past a million pairs the limit law serves, and is near the exact one', async t => {
  const [left, right] = [upTo(0, 1099), upTo(40, 1139)];
  const { distance, p } = kolmogorovSmirnov(left, right);
  t.equal(p, kolmogorovTail(distance * Math.sqrt(550)));
  t.ok(Math.abs(p - exactDistanceTail(distance, 1100, 1100)) < 0.03);
});

const sample = fc
  .array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 })
  .map(values => values.sort((a, b) => a - b));

test('distance and p are symmetric and within 0 … 1', async () => {
  fc.assert(
    fc.property(sample, sample, (left, right) => {
      const [one, other] = [kolmogorovSmirnov(left, right), kolmogorovSmirnov(right, left)];
      const bounded = one.distance >= 0 && one.distance <= 1 && one.p > 0 && one.p <= 1;
      return bounded && Math.abs(one.p - other.p) < 1e-12 && one.distance === other.distance;
    }),
  );
});

test('over one bin per value the counts give the same as the samples', async () => {
  const counted = (values: readonly number[]) => upTo(0, 20).map(value => values.filter(each => each === value).length);
  fc.assert(
    fc.property(sample, sample, (left, right) => {
      const [one, other] = [kolmogorovSmirnov(left, right), kolmogorovSmirnovOfCounts(counted(left), counted(right))];
      return Math.abs(one.distance - other.distance) < 1e-12 && Math.abs(one.p - other.p) < 1e-12;
    }),
  );
});

test('what bins of equal counts lose of the distance: little of a shift, all of what happens within one bin', async t => {
  const random = seededRandom(7);
  const bell = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = (value: () => number) => Array.from({ length: 2_000 }, value).sort((a, b) => a - b);
  const lostOf = (before: number[], after: number[], bins: number) => {
    const edges = quantileEdges(before, bins);
    const [left, right] = [histogramOf(edges, before).counts, histogramOf(edges, after).counts];
    const lost = kolmogorovSmirnov(before, after).distance - kolmogorovSmirnovOfCounts(left, right).distance;
    const fullest = Math.max(...left, ...right) / 2_000;
    t.ok(lost > -1e-12 && lost <= fullest + 1e-12, 'never larger, and less by the fullest bin at most');
    return lost;
  };
  const moved: readonly (() => number)[] = [
    () => bell() + 0.3,
    () => bell() * 1.5,
    () => bell() * 0.7,
    () => Math.exp(bell() + 0.4),
    () => -1.5 * Math.log(1 - random()),
  ];
  const usual = [bell, bell, bell, () => Math.exp(bell()), () => -Math.log(1 - random())];
  for (const [bins, mean, most] of [
    [10, 0.008, 0.025],
    [50, 0.004, 0.012],
  ] as const) {
    const lost = moved.flatMap((after, shape) =>
      Array.from({ length: 8 }, () => lostOf(draw(usual[shape] ?? bell), draw(after), bins)),
    );
    t.ok(lost.reduce((sum, each) => sum + each, 0) / lost.length < mean, `on average, of ${bins} bins`);
    t.ok(Math.max(...lost) < most, `at most, of ${bins} bins`);
  }
  const within = lostOf(
    draw(random),
    draw(() => (random() < 0.1 ? 1e-4 : 0.1 + 0.9 * random())),
    10,
  );
  t.ok(within > 0.05, 'values that gather within one bin are not seen');
});
