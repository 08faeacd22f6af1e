import { test } from 'tap';
import { createPatience, NotAskedError } from '../../src/backends/patience.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const silence = () => Promise.reject(Object.assign(new Error('no answer'), { name: 'TimeoutError' }));
const refusal = () => Promise.reject(new Error('AccessDenied'));
const answer = () => Promise.resolve('here');

test('a place that fell silent is left alone for a while, then asked by one call at a time', async t => {
  const clock = manualClock();
  const patience = createPatience(clock, 'S3 in us-east-1');
  await t.rejects(patience.run(silence), { name: 'TimeoutError' });
  await t.rejects(patience.run(answer), NotAskedError);
  clock.advance(5_000);
  const asking = Promise.withResolvers<string>();
  const first = patience.run(() => asking.promise);
  await t.rejects(patience.run(answer), NotAskedError, 'one asks, the others do not wait with it');
  asking.resolve('here');
  t.equal(await first, 'here');
  t.equal(await patience.run(answer), 'here');
});

test('a place that is still silent when it is asked again is left alone again', async t => {
  const clock = manualClock();
  const patience = createPatience(clock, 'S3 in us-east-1');
  await t.rejects(patience.run(silence), { name: 'TimeoutError' });
  clock.advance(5_000);
  await t.rejects(patience.run(silence), { name: 'TimeoutError' });
  await t.rejects(patience.run(answer), NotAskedError);
  clock.advance(5_000);
  t.equal(await patience.run(answer), 'here');
});

test('a place that answers with errors is not silent', async t => {
  const patience = createPatience(manualClock(), 'S3 in us-east-1');
  await t.rejects(patience.run(refusal), { message: 'AccessDenied' });
  t.equal(await patience.run(answer), 'here');
});
