import fc from 'fast-check';
import { test } from 'tap';
import { createHistogram } from '../../src/routing/histogram.ts';

const windowMs = 60_000;

test('a quantile is never below the true one and at most 9.1 % above it', t => {
  const durations = fc.array(fc.double({ min: 0.5, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  const check = () =>
    fc.assert(
      fc.property(durations, values => {
        const histogram = createHistogram(windowMs);
        for (const value of values) histogram.record(value, 0);
        const sorted = values.toSorted((a, b) => a - b);
        const { p50Ms, p95Ms, p99Ms } = histogram.quantiles(0);
        for (const [share, found] of [
          [0.5, p50Ms],
          [0.95, p95Ms],
          [0.99, p99Ms],
        ] as const) {
          const truth = sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? 0;
          if (found < truth * (1 - 1e-9) || found > truth * 1.0906) return false;
        }
        return histogram.lowestMs() === sorted[0] && histogram.samples() === values.length;
      }),
    );
  t.doesNotThrow(check);
  t.end();
});

test('what is older than two windows is forgotten once something new is heard', t => {
  const histogram = createHistogram(windowMs);
  for (let call = 0; call < 100; call += 1) histogram.record(1_000, 0);
  histogram.record(10, windowMs);
  t.equal(histogram.samples(), 101, 'the window before still counts');
  histogram.record(10, 2 * windowMs);
  t.equal(histogram.samples(), 2);
  t.ok(histogram.quantiles(2 * windowMs).p99Ms < 11);
  t.end();
});

test('an idle target keeps what was last known', t => {
  const histogram = createHistogram(windowMs);
  histogram.record(100, 0);
  t.equal(histogram.samples(), 1);
  t.ok(histogram.quantiles(24 * 3_600_000).p95Ms >= 100);
  histogram.record(5, 24 * 3_600_000);
  t.equal(histogram.samples(), 1, 'a day later the old one no longer counts beside a new one');
  t.end();
});

test('durations out of range land in the outermost buckets', t => {
  const histogram = createHistogram(windowMs);
  for (const odd of [0, -1, Number.NaN, 1e12]) histogram.record(odd, 0);
  t.equal(histogram.samples(), 4);
  t.ok(Number.isFinite(histogram.quantiles(0).p99Ms));
  t.end();
});
