import fc from 'fast-check';
import { test } from 'tap';
import type { JobsOptions } from '../../src/jobs/options.ts';
import { inputPlaces, outputPlace, parseLocation, placesAllowed } from '../../src/jobs/places.ts';

const options = {
  buckets: { 'us-east-1': 'own-bucket' },
  prefix: 'meridian/jobs/',
  places: [
    { s3: 's3://shared/in/', region: 'us-east-1' },
    { s3: 's3://shared/ours/', region: 'us-east-1', tenants: ['us'] },
  ],
} as unknown as JobsOptions;

test('only keys without empty, . and .. parts are locations', async t => {
  t.same(parseLocation('s3://bucket/a/b.csv'), { bucket: 'bucket', key: 'a/b.csv' });
  for (const wrong of [
    's3://bucket',
    's3://bucket/',
    's3://bucket//a',
    's3://bucket/a/../b',
    's3://bucket/./a',
    's3://Bucket/a',
    'https://bucket/a',
    's3://bucket/a\nb',
    's3://bucket/ä',
  ])
    t.equal(parseLocation(wrong), undefined, wrong);
});

test('no location leads out of the places a tenant may name', async t => {
  const parts = fc.array(fc.constantFrom('in', 'ours', '..', '.', '', 'a', '%2e%2e', 'own-bucket', 'shared'), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.constantFrom('shared', 'own-bucket', 'other'), parts, (bucket, keys) => {
      const location = `s3://${bucket}/${keys.join('/')}`;
      try {
        inputPlaces(options, location, 'them');
      } catch {
        return true;
      }
      const key = keys.join('/');
      return bucket === 'shared' && key.startsWith('in/') && !keys.includes('..') && !keys.includes('');
    }),
  );
  t.same(inputPlaces(options, 's3://shared/ours/x', 'us'), new Map([['us-east-1', 's3://shared/ours/x']]));
  t.throws(() => inputPlaces(options, 's3://shared/ours/x', 'them'), { code: 'not-allowed' });
  t.throws(() => inputPlaces(undefined, 's3://shared/in/x', 'us'), { code: 'not-allowed' });
});

test('the gateway’s own keys are no place of a caller’s, however wide the config’s places are', async t => {
  const wide = { ...options, places: [{ s3: 's3://own-bucket/', region: 'us-east-1' }] };
  t.same(placesAllowed(wide, 's3://own-bucket/years/2024.csv', 'us'), ['us-east-1']);
  for (const own of ['meridian/jobs/1/input', 'meridian/jobs/', 'meridian/', 'meridian', 'mer'])
    t.same(placesAllowed(wide, `s3://own-bucket/${own}`, 'us'), [], own);
  t.throws(() => inputPlaces(wide, 's3://own-bucket/meridian/jobs/1/input', 'us'), { code: 'not-allowed' });
});

test('outputs are read from the region’s bucket, beside the gateway’s own keys, and from the places', async t => {
  t.match(outputPlace(options, 'us-east-1', 's3://own-bucket/outputs/x'), { key: 'outputs/x' });
  t.match(outputPlace(options, 'us-east-1', 's3://shared/in/x'), { bucket: 'shared' });
  t.equal(outputPlace(options, 'us-east-1', 's3://own-bucket/meridian/jobs/1/input'), undefined);
  t.equal(outputPlace(options, 'eu-west-1', 's3://own-bucket/outputs/x'), undefined);
  t.equal(outputPlace(options, 'us-east-1', 's3://other/x'), undefined);
});
