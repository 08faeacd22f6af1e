import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

/** Doubles what it is sent; refuses what is no JSON, by content type and by form. */
const doubler: ModelContainer = {
  predict: ({ body, contentType }) => {
    if (contentType !== 'application/json') return { status: 415, contentType: 'text/plain', body: Buffer.from('no') };
    const { instances } = JSON.parse(body.toString()) as { instances?: number[] };
    if (instances === undefined) return { status: 400, contentType: 'text/plain', body: Buffer.from('no instances') };
    const answer = { predictions: instances.map(value => 2 * value) };
    return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
  },
};

test('a client of TensorFlow Serving calls :predict, whatever content type it sends', async t => {
  const models = {
    doubler: {
      versions: {
        1: { weight: 1_000_000, targets: targetsIn(['us-east-1']) },
        2: { weight: 10, targets: targetsIn(['us-west-2']) },
      },
      routing: { warmShare: 0 },
    },
  };
  const containers = { ...echoContainers, 'rain-v1': doubler };
  const gateway = await startTestGateway(t, { models }, { simulator: { containers } });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(gateway.urls.data + path, { method: 'POST', body: JSON.stringify(body), headers });
    return { status: response.status, region: response.headers.get('x-meridian-region'), json: await response.json() };
  };
  t.match(await post('/v1/models/doubler:predict', { instances: [1, 2.5] }), {
    status: 200,
    region: 'us-east-1',
    json: { predictions: [2, 5] },
  });
  const form = { 'content-type': 'application/x-www-form-urlencoded' }; // what curl -d says
  t.match(await post('/v1/models/doubler:predict', { instances: [1] }, form), { json: { predictions: [2] } });
  t.match(await post('/v1/models/doubler/versions/2:predict', { instances: [3] }), {
    region: 'us-west-2',
    json: { predictions: [6] },
  });
  t.match(await post('/v1/models/doubler:predict', {}), { status: 400, json: { error: 'no instances' } });
  t.match(await post('/v1/models/nobody:predict', {}), { status: 404, json: { error: /No model of this name/ } });
  t.match(await post('/v1/models/doubler:regress', {}), { status: 404 });
  const got = await fetch(`${gateway.urls.data}/v1/models/doubler:predict`, { method: 'PUT' });
  t.equal(got.status, 405);
  t.match(await got.json(), { error: /by POST/ });
});
