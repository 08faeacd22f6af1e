import fc from 'fast-check';
import { test } from 'tap';
import { GatewayError } from '../../src/core/errors.ts';
import { readBatchRequest } from '../../src/routes/batch-request.ts';

const read = (body: unknown) => readBatchRequest(Buffer.from(JSON.stringify(body)));
const inputLocation = 's3://bucket/days/';

test('lines are records where the format has lines, unless the caller says otherwise', async t => {
  const splits = [undefined, 'text/csv', 'text/csv; charset=utf-8', 'application/jsonlines', 'application/json'].map(
    contentType => read({ inputLocation, contentType }).split,
  );
  t.same(splits, ['none', 'line', 'line', 'line', 'none']);
  t.equal(read({ inputLocation, contentType: 'text/csv', split: 'none' }).split, 'none');
  t.equal(read({ inputLocation, split: 'line' }).split, 'line');
  t.equal(read({ inputLocation }).together, true);
  t.equal(read({ inputLocation, recordsPerCall: 'one' }).together, false);
});

test('what cannot be understood is refused by its name, never dropped', async t => {
  const refused = (body: unknown, name: RegExp) =>
    t.throws(() => read(body), { code: 'invalid-request', message: name });
  refused([], /JSON object/);
  refused({}, /^inputLocation is missing/);
  refused({ inputLocation: '' }, /^inputLocation/);
  refused({ inputLocation, split: 'lines' }, /^split must be line or none/);
  refused({ inputLocation, recordsPerCall: 2 }, /^recordsPerCall must be many or one/);
  refused({ inputLocation, outputLocation: 'x'.repeat(1_025) }, /^outputLocation/);
  refused({ inputLocation, instance: 'ml.p5.48xlarge' }, /^instance is no field/);
});

test('no body makes it fail otherwise', async t => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), text => {
      try {
        return readBatchRequest(Buffer.from(text)).inputLocation.length > 0;
      } catch (error) {
        return error instanceof GatewayError && error.code === 'invalid-request';
      }
    }),
  );
  t.pass();
});
