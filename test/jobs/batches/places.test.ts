import fc from 'fast-check';
import { test } from 'tap';
import { GatewayError } from '../../../src/core/errors.ts';
import { batchPlaces } from '../../../src/jobs/batches/batch-places.ts';
import type { JobsOptions } from '../../../src/jobs/options.ts';

const options = {
  buckets: { 'us-east-1': 'own-us', 'eu-west-1': 'own-eu' },
  prefix: 'jobs/',
  places: [
    { s3: 's3://data-us-east-1/days/', region: 'us-east-1' },
    { s3: 's3://data-eu-west-1/days/', region: 'eu-west-1', tenants: ['t'] },
    { s3: 's3://data-us-east-1/scores/', region: 'us-east-1', tenants: ['t'] },
  ],
} as unknown as JobsOptions;
const regions = ['us-east-1', 'eu-west-1'];
const placesOf = (inputLocation: string, outputLocation?: string, tenant = 't') =>
  batchPlaces(options, regions, { inputLocation, outputLocation }, { id: 'b', tenant });

test('a location is expanded by region, and a region counts only where the tenant may read and write there', async t => {
  t.same(placesOf('s3://data-{region}/days/'), {
    'us-east-1': { input: 's3://data-us-east-1/days/', output: 's3://own-us/jobs/batches/b/output/' },
    'eu-west-1': { input: 's3://data-eu-west-1/days/', output: 's3://own-eu/jobs/batches/b/output/' },
  });
  t.same(Object.keys(placesOf('s3://data-{region}/days/2015.csv', undefined, 'other')), ['us-east-1']);
  t.same(placesOf('s3://data-{region}/days/2015', 's3://data-{region}/scores/'), {
    'us-east-1': { input: 's3://data-us-east-1/days/2015', output: 's3://data-us-east-1/scores/b/' },
  });
  const refused = (code: string, ...asked: Parameters<typeof placesOf>) => t.throws(() => placesOf(...asked), { code });
  refused('not-allowed', 's3://data-{region}/days');
  refused('not-allowed', 's3://own-us/jobs/');
  refused('not-allowed', 's3://data-{region}/days/', 's3://data-{region}/days-of-others/');
  refused('invalid-request', 's3://data-{region}/days/', 's3://data-us-east-1/scores');
});

test('nothing that is written leads out of the places', async t => {
  const piece = fc.constantFrom('..', '.', '', 'days', '{region}', '%2e%2e', 'scores', 'a', 'https:', 's3:');
  const location = fc
    .tuple(fc.constantFrom('s3://data-us-east-1/', 's3://data-{region}/', 'https://data-us-east-1/'), fc.array(piece))
    .map(([start, pieces]) => start + pieces.join('/'));
  fc.assert(
    fc.property(location, fc.option(location, { nil: undefined }), (input, output) => {
      try {
        return Object.entries(placesOf(input, output)).every(([region, found]) => {
          const isBelow = [`s3://data-${region}/days/`, `s3://data-${region}/scores/`].some(place =>
            found.input.startsWith(place),
          );
          const folders = [found.input, found.output].flatMap(each =>
            each.slice('s3://'.length).split('/').slice(0, -1),
          );
          return isBelow && folders.every(name => name !== '..' && name !== '.' && name !== '');
        });
      } catch (error) {
        return error instanceof GatewayError;
      }
    }),
  );
  t.pass();
});
