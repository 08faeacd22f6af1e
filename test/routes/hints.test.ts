import { test } from 'tap';
import { readHints } from '../../src/routes/fields.ts';

const cacheOf = (value: string) => readHints({ 'cache-control': value }).cache;

test('cache-control: what is honoured, what means nothing, and what cannot be meant', t => {
  const plain = { noCache: false, noStore: false };
  const cases: readonly (readonly [string, object])[] = [
    ['no-cache', { ...plain, noCache: true }],
    ['No-Store, max-age=0', { ...plain, noStore: true }],
    ['max-stale', plain],
    ['max-stale=60', { ...plain, maxStaleSeconds: 60 }],
    ['max-stale="60"', { ...plain, maxStaleSeconds: 60 }],
    ['max-stale=60, max-stale=0', { ...plain, maxStaleSeconds: 0 }],
    ['max-stale=99999999999999', { ...plain, maxStaleSeconds: 2_147_483_648 }],
    ['max-stale-mate=x', plain],
    ['only-if-cached', plain],
  ];
  for (const [value, expected] of cases) t.strictSame(cacheOf(value), expected, value);
  for (const value of [
    'max-stale=abc',
    'max-stale=',
    'max-stale=-1',
    'max-stale=1.5',
    'max-stale = 5',
    'no-cache, max-stale="',
  ])
    t.throws(() => cacheOf(value), { code: 'invalid-request', message: /^cache-control must be max-stale/ }, value);
  t.end();
});
