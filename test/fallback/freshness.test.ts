import fc from 'fast-check';
import { test } from 'tap';
import {
  acceptedStaleSeconds,
  cachePlan,
  type Freshness,
  freshness,
  retainSeconds,
} from '../../src/fallback/freshness.ts';
import { callOf, entryOf } from '../helpers/fallback-fixtures.ts';

const settings = { freshSeconds: 30, staleWhileRevalidateSeconds: 60, staleIfErrorSeconds: 3_600 };
const storedAt = 1_000_000_000;

test('an answer goes from fresh to revalidate to stale-if-error to expired', t => {
  const cases: [number, Freshness][] = [
    [0, 'fresh'],
    [29.999, 'fresh'],
    [30, 'revalidate'],
    [89.999, 'revalidate'],
    [90, 'stale-if-error'],
    [3_629.999, 'stale-if-error'],
    [3_630, 'expired'],
  ];
  for (const [seconds, expected] of cases) {
    t.equal(freshness(entryOf(storedAt), settings, storedAt + seconds * 1_000), expected, `after ${seconds} s`);
  }
  t.end();
});

test('the stale windows both start when freshness ends, and an answer is kept to the end of the longer', t => {
  t.equal(retainSeconds(settings), 3_630);
  t.equal(retainSeconds({ freshSeconds: 5, staleWhileRevalidateSeconds: 60, staleIfErrorSeconds: 10 }), 65);
  t.equal(retainSeconds({ freshSeconds: 0, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 }), 0);
  t.end();
});

test('with no fresh time nothing is fresh, not even at once or from a clock ahead', t => {
  const never = { ...settings, freshSeconds: 0 };
  t.equal(freshness(entryOf(storedAt), never, storedAt), 'revalidate');
  t.equal(freshness(entryOf(storedAt), never, storedAt - 5), 'revalidate');
  t.end();
});

test('an answer from far in the future is not believed', t => {
  t.equal(freshness(entryOf(storedAt), settings, storedAt - 60_000), 'fresh');
  t.equal(freshness(entryOf(storedAt), settings, storedAt - 60_001), 'expired');
  t.end();
});

test('max-stale narrows what a caller is given, and allows a stale answer at once', t => {
  const at = (seconds: number, maxStale: number) =>
    freshness(entryOf(storedAt), settings, storedAt + seconds * 1_000, maxStale);
  t.equal(at(29, 0), 'fresh', 'freshness is not staleness');
  t.equal(at(30, 0), 'expired', 'none accepted');
  t.equal(at(40, 20), 'revalidate');
  t.equal(at(50, 20), 'expired');
  t.equal(at(1_000, 2_000), 'revalidate', 'beyond the model’s own window');
  t.equal(at(3_630, 100_000), 'expired', 'never beyond what is kept');
  t.end();
});

test('a caller never gets more staleness than both it and the model accept', t => {
  const seconds = fc.integer({ min: 0, max: 1_000 });
  const order: Freshness[] = ['fresh', 'revalidate', 'stale-if-error', 'expired'];
  const any = fc.record({
    freshSeconds: seconds,
    staleIfErrorSeconds: seconds,
    staleWhileRevalidateSeconds: seconds,
  });
  fc.assert(
    fc.property(any, seconds, seconds, seconds, (model, age, later, maxStale) => {
      const judge = (ageSeconds: number) =>
        freshness(entryOf(storedAt), model, storedAt + ageSeconds * 1_000, maxStale);
      if (age > model.freshSeconds + maxStale || age >= retainSeconds(model)) {
        if (age >= model.freshSeconds && judge(age) !== 'expired') return false;
      }
      return order.indexOf(judge(age)) <= order.indexOf(judge(age + later));
    }),
  );
  t.pass('for every setting');
  t.end();
});

test('refusing substitutes refuses stale answers', t => {
  const cache = { noCache: false, noStore: false, maxStaleSeconds: 60 };
  t.equal(acceptedStaleSeconds(callOf({ hints: { fallback: 'none', cache } })), 0);
  t.equal(acceptedStaleSeconds(callOf({ hints: { cache } })), 60);
  t.equal(acceptedStaleSeconds(callOf()), undefined);
  t.end();
});

test('what the cache may do depends on the call', t => {
  const all = { read: true, write: true, coalesce: true };
  const none = { read: false, write: false, coalesce: false };
  const writeOnly = { read: false, write: true, coalesce: false };
  t.same(cachePlan(callOf(), settings), all);
  t.same(cachePlan(callOf(), undefined), none, 'a model without cache');
  t.same(cachePlan(callOf({ fields: { sessionId: 's-1' } }), settings), none, 'a session');
  t.same(cachePlan(callOf({ hints: { cache: { noCache: true, noStore: false } } }), settings), writeOnly, 'no-cache');
  t.same(cachePlan(callOf({ hints: { cache: { noCache: false, noStore: true } } }), settings), none, 'no-store');
  t.same(cachePlan(callOf({ hints: { region: { pin: 'eu-west-1' } } }), settings), writeOnly, 'a pin');
  t.end();
});
