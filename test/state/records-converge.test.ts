import fc from 'fast-check';
import { test } from 'tap';
import { decodeRecord, encodeRecord, isNewer, nextStamp, stampLength } from '../../src/state/record.ts';
import { records } from '../../src/state/records.ts';

const writer = fc.stringMatching(/^[0-9a-f]{8}$/);
const wallMs = fc.integer({ min: 0, max: 4_000_000_000_000 });
const stamp = fc.tuple(wallMs, writer).map(([at, by]) => nextStamp(at, by, ''));
const record = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  stamp,
});

test('a stamp is later than the one before, whatever the clocks say', t => {
  fc.assert(
    fc.property(stamp, wallMs, writer, (previous, now, by) => {
      const next = nextStamp(now, by, previous);
      return next > previous && next.length === stampLength;
    }),
  );
  t.pass('for all tried');
  t.end();
});

test('a record comes back as it was encoded; other text is none', t => {
  fc.assert(
    fc.property(record, one => t.same(decodeRecord(one.key, encodeRecord(one)), one)),
    { numRuns: 50 },
  );
  fc.assert(fc.property(fc.string(), text => decodeRecord('k', text) === undefined));
  for (const text of ['', '000001760942880000-0a1b2c3d', '000001760942880000=value']) {
    t.equal(decodeRecord('k', text), undefined);
  }
  t.end();
});

test('replicas that saw the same records in any order, any number of times, agree', t => {
  const orders = fc
    .uniqueArray(record, { selector: one => one.stamp, maxLength: 12 })
    .chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })));
  fc.assert(
    fc.property(orders, ([inOrder, shuffled]) => {
      const [one, two] = [records(inOrder), records(shuffled)];
      const seen = (store: typeof one) => ['a', 'b', 'c'].map(key => store.get(key));
      t.same(seen(one), seen(two));
      return inOrder.every(each => !isNewer(each, one.get(each.key)));
    }),
    { numRuns: 100 },
  );
  t.end();
});
