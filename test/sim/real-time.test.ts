import { test } from 'tap';
import { hostEndpoint, tally } from '../helpers/hosted-endpoint.ts';

const spec = {
  kind: 'real-time',
  name: 'e',
  container: 'echo',
  modelMs: 10,
  instances: 2,
  concurrency: 2,
  queueLimit: 3,
} as const;

test('instances times concurrency calls run at once, the next ones queue and take longer, the rest are throttled', async t => {
  const { calls, advance, endpoint } = hostEndpoint(spec);
  const all = calls(9);
  await advance(0);
  t.same(tally(all), { waiting: 7, ThrottlingException: 2 });
  t.same(endpoint.state(), { workers: 4, busy: 4, queued: 3 });
  await advance(10);
  t.same(tally(all), { ok: 4, waiting: 3, ThrottlingException: 2 });
  await advance(9);
  t.same(tally(all), { ok: 4, waiting: 3, ThrottlingException: 2 });
  await advance(1);
  t.same(tally(all), { ok: 7, ThrottlingException: 2 });
  t.same(endpoint.state(), { workers: 4, busy: 0, queued: 0 });
});

test('a call after the rush is served at once', async t => {
  const { calls, advance } = hostEndpoint(spec);
  calls(9);
  await advance(20);
  const later = calls(4);
  await advance(10);
  t.same(tally(later), { ok: 4 });
});

test('a container that throws gives its worker back', async t => {
  const { calls, advance, endpoint } = hostEndpoint(spec, {
    predict: () => {
      throw new Error('bug');
    },
  });
  const all = calls(4);
  await advance(10);
  t.same(tally(all), { 'Error: bug': 4 });
  t.match(endpoint.state(), { busy: 0 });
});
