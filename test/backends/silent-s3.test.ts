import { test } from 'tap';
import { s3Store } from '../../src/backends/s3-store.ts';
import { systemClock } from '../../src/core/clock.ts';

test('calls to a region whose S3 fell silent do not wait for it one by one', async t => {
  let looked = 0;
  const store = s3Store({
    clock: { ...systemClock, now: () => 0 },
    siteOf: region => ({ url: `http://s3.${region}.test`, identity: 'i' }),
    credentialsOf: () => ({ accessKeyId: 'demo', secretAccessKey: 'demo' }),
    lookup: () => {
      looked += 1; // and never an answer
    },
  });
  t.teardown(store.stop);
  const place = { region: 'us-east-1', bucket: 'a-bucket', key: 'k' };
  await t.rejects(store.look(place), { name: 'TimeoutError' });
  const lookups = looked;
  await t.rejects(store.get(place), /S3 in us-east-1 did not answer a moment ago/);
  await t.rejects(store.put(place, Buffer.from('x'), 'text/plain'), { name: 'NotAskedError' });
  t.equal(looked, lookups, 'nothing was sent');
});
