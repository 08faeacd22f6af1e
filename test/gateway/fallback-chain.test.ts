import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

const cache = { freshSeconds: 0, staleIfErrorSeconds: 600 };
const refuseAll = async (gateway: TestGateway) => {
  for (const region of Object.keys(gateway.simulator.urls))
    await gateway.simulator.faults.add({ region, kind: 'error', errorType: 'InternalFailure' });
};

test('fresh answers come from cache, identical calls in flight share one', async t => {
  const rain = simpleModel(['us-east-1'], { cache: { freshSeconds: 60 } });
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator: { latencyScale: 1 } });
  const together = await Promise.all(Array.from({ length: 5 }, () => gateway.call('rain', { body: 'same' })));
  t.same(together.map(answer => answer.headers.get('x-meridian-cache')).sort(), [
    'coalesced',
    'coalesced',
    'coalesced',
    'coalesced',
    'miss',
  ]);
  const later = await gateway.call('rain', { body: 'same' });
  t.equal(later.headers.get('x-meridian-cache'), 'hit');
  t.equal(later.headers.get('age'), '0');
  t.equal(gateway.simulator.stats().regions['us-east-1']?.total, 1, 'one call upstream for all six');
  t.equal(
    (await gateway.call('rain', { body: 'same', headers: { 'cache-control': 'no-cache' } })).headers.get(
      'x-meridian-cache',
    ),
    'miss',
  );
  t.equal(
    (await gateway.call('rain', { body: 'same', headers: { 'cache-control': 'no-store' } })).headers.get(
      'x-meridian-cache',
    ),
    'bypass',
  );
});

test('when every target fails: stale, then the fallback model, then static, always labelled', async t => {
  const gateway = await startTestGateway(t, {
    models: {
      rain: simpleModel(['us-east-1'], {
        cache,
        fallback: ['stale', { model: 'lite' }, { static: { body: '{"rain":null}' } }],
      }),
      lite: { versions: { v1: { targets: targetsIn(['us-west-2'], 'rain-v2') } } },
    },
  });
  await gateway.call('rain', { body: 'known' });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType: 'InternalFailure' });
  const stale = await gateway.call('rain', { body: 'known' });
  t.match(
    [stale.status, stale.text, stale.headers.get('x-meridian-fallback'), stale.headers.get('x-meridian-cache')],
    [200, 'known', 'stale', 'stale'],
  );
  t.match(stale.headers.get('x-meridian-attempts'), 'v1@us-east-1/realtime:backend-fault');
  const other = await gateway.call('rain', { body: 'unknown' });
  t.match(
    [other.status, other.text, other.headers.get('x-meridian-fallback'), other.headers.get('x-meridian-model')],
    [200, 'unknown', 'model', 'lite'],
  );
  await refuseAll(gateway);
  const fixed = await gateway.call('rain', { body: 'unknown' });
  t.match([fixed.status, fixed.text, fixed.headers.get('x-meridian-fallback')], [200, '{"rain":null}', 'static']);
  const honest = await gateway.call('rain', { body: 'known', headers: { 'x-meridian-fallback': 'none' } });
  t.equal(honest.status, 503, 'a caller may refuse fallback');
  t.match(honest.headers.get('retry-after'), /^\d+$/);
});

test('purge drops cached answers, and stale ones with them', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1'], { cache, fallback: ['stale'] }) },
  });
  await gateway.call('rain', { body: 'known' });
  const purged = await fetch(`${gateway.urls.admin}/admin/purge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'rain', version: 'v1' }),
  });
  t.match(await purged.json(), { model: 'rain', version: 'v1', dropped: 1 });
  await refuseAll(gateway);
  t.equal((await gateway.call('rain', { body: 'known' })).status, 503);
});

test('exhaustedStatus 530 is answered where the model asks for it', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1'], { exhaustedStatus: 530 }) } });
  await refuseAll(gateway);
  t.equal((await gateway.call('rain')).status, 530);
});

test('while all are ill a stale answer comes at once, and what a try in the background brings is kept', async t => {
  let answers = 0;
  const counting: ModelContainer = {
    predict: () => {
      answers += 1;
      return { status: 200, contentType: 'text/plain', body: Buffer.from(`answer ${answers}`) };
    },
  };
  const rain = simpleModel(['us-east-1'], { cache, fallback: ['stale'] });
  const containers = { ...echoContainers, 'rain-v1': counting };
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator: { containers } });
  const fail = () => gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error' });
  await gateway.call('rain', { body: 'known' });
  const fault = await fail();
  for (let call = 0; call < 5; call += 1) await gateway.call('rain', { body: `unknown ${call}` });
  t.equal(gateway.app.parts.health.describeAll()[0]?.health.breaker, 'open');
  gateway.simulator.faults.remove(fault);
  const first = await gateway.call('rain', { body: 'known' });
  t.same([first.headers.get('x-meridian-fallback'), first.text], ['stale', 'answer 1']);
  await eventually(t, 'the target was tried, outside its breaker', () => answers === 2);
  await gateway.app.parts.work.settled();
  await fail();
  const second = await gateway.call('rain', { body: 'known' });
  t.same([second.headers.get('x-meridian-fallback'), second.text], ['stale', 'answer 2']);
});
