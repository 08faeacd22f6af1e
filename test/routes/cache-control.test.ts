import fc from 'fast-check';
import { test } from 'tap';
import { readHints } from '../../src/routes/fields.ts';

const read = (text: string) => readHints({ 'cache-control': text }).cache;

test('the directives we honour are read in any case, order and company', t => {
  t.same(read('No-Cache'), { noCache: true, noStore: false });
  t.same(read('max-age=0, no-store'), { noCache: false, noStore: true });
  t.same(read('max-stale'), { noCache: false, noStore: false }, 'stale without a bound, as when nothing is said');
  t.same(read('private, Max-Stale=60 ,x="a"'), { noCache: false, noStore: false, maxStaleSeconds: 60 });
  t.same(read('max-staleness=soon'), { noCache: false, noStore: false }, 'not ours');
  t.end();
});

test('a bound is the number that was said, quoted or not, the least of several', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), fc.boolean(), (bounds, quoted) => {
      const text = bounds.map(seconds => `max-stale=${quoted ? `"${seconds}"` : seconds}`).join(', ');
      return read(text).maxStaleSeconds === Math.min(...bounds);
    }),
  );
  t.pass('for all tried');
  t.end();
});

test('a bound that is no whole number of seconds is refused, not passed over', t => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[!-+\--~]{0,8}$/).filter(text => !/^(\d+|"\d+")$/.test(text)),
      text => {
        t.throws(() => read(`max-stale=${text}`), { code: 'invalid-request', message: /cache-control/ });
      },
    ),
    { numRuns: 50 },
  );
  t.end();
});
