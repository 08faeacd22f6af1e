import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { regionNames, simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

/** v2 answers with the status its input names; v1 always well. */
const moody: ModelContainer = {
  predict: ({ body }) => ({ status: Number(String(body)) || 200, contentType: 'text/plain', body: Buffer.from('v2') }),
};
const rain = {
  cache: { freshSeconds: 60 },
  versions: {
    v1: { weight: 0.001, targets: targetsIn(regionNames) },
    v2: { targets: targetsIn(regionNames, 'rain-v2') },
  },
};

test('a call is counted once, against the version first chosen, whoever answers', async t => {
  const containers = { ...echoContainers, 'rain-v2': moody };
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator: { containers } });
  const moved = await gateway.call('rain', { body: '500' });
  t.same([moved.status, moved.headers.get('x-meridian-model-version')], [200, 'v1'], 'the headers say who answered');
  await gateway.call('rain', { body: '200' });
  await gateway.call('rain', { body: '200' }); // from cache: no call
  await gateway.call('rain', { body: '422' });
  for (const region of regionNames)
    await gateway.simulator.faults.add({ region, kind: 'error', errorType: 'InternalFailure' });
  await gateway.call('rain', { body: 'anything' });
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  const counts = [...text.matchAll(/^meridian_version_calls_total\{(.*)\} (\d+)$/gm)].map(([, labels, n]) => [
    labels,
    n,
  ]);
  t.same(
    counts.sort(),
    ['caller-fault', 'failed', 'moved', 'ok'].map(outcome => [`model="rain",version="v2",outcome="${outcome}"`, '1']),
  );
});

test('a call within a session is counted too', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } });
  const opened = await gateway.call('rain', { headers: { 'x-amzn-sagemaker-session-id': 'NEW_SESSION' } });
  const session = (opened.headers.get('x-amzn-sagemaker-new-session-id') ?? '').split(';')[0] ?? '';
  const within = await gateway.call('rain', { headers: { 'x-amzn-sagemaker-session-id': session } });
  t.equal(within.status, 200);
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, /meridian_version_calls_total\{model="rain",version="v1",outcome="ok"\} 2/);
});
