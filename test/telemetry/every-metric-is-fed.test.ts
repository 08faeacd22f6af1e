import { test } from 'tap';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { batchesClient, batchesConfig, batchModel, inputs, putDays } from '../helpers/batches.ts';
import { eventually } from '../helpers/eventually.ts';
import { regionNames, simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { jobsClient } from '../helpers/jobs.ts';

test('each metric of the table has a sample after a bad day, with exactly its labels', async t => {
  const gateway = await startTestGateway(t, {
    retryBudget: { ratio: 0, perSecond: 0 },
    jobs: batchesConfig(),
    redis: { url: 'redis://127.0.0.1:1' }, // where nobody listens
    tenants: { anonymous: { requests: { perSecond: 1_000 }, concurrency: { max: 100 }, budget: { usdPerDay: 1 } } },
    models: {
      batch: batchModel({ 'us-east-1': 100 }),
      snow: simpleModel(['us-east-1'], { priority: 'sheddable' }),
      rain: simpleModel(['us-east-1', 'us-west-2'], {
        cache: { staleIfErrorSeconds: 600 },
        fallback: ['stale'],
        versions: {
          v1: { targets: targetsIn(['us-east-1', 'us-west-2'], 'rain-v1', { price: { instance: 'ml.m5.large' } }) },
        },
      }),
      assistant: {
        versions: { v1: { targets: [{ kind: 'bedrock', region: 'us-west-2', modelId: 'demo.assistant-v1:0' }] } },
      },
    },
  });
  await gateway.call('assistant', { body: '{"prompt":"hi"}' });
  const jobs = jobsClient(gateway);
  const { id } = (await (await jobs.post('x', {}, 'batch')).json()) as { id: string };
  await jobs.until(t, id, 'completed');
  putDays(gateway.simulator, ['us-east-1'], '1.csv', 'a\n');
  const batches = batchesClient(gateway);
  const stall = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'transform-stall' });
  const batch = (await (await batches.post({ inputLocation: inputs }, {}, 'batch')).json()) as { id: string };
  await eventually(t, 'the batch costs something', async () => ((await batches.look(batch.id)).costUsd ?? 0) > 0);
  await gateway.simulator.faults.remove(stall);
  await batches.until(t, batch.id, 'completed');
  await gateway.call('rain', { body: 'known' });
  await gateway.call('rain', { headers: { 'amz-sdk-request': 'attempt=2; max=3' } });
  while (gateway.app.parts.budget.takeRetry()); // so that the next retry is refused
  for (const region of regionNames)
    await gateway.simulator.faults.add({ region, kind: 'error', errorType: 'InternalFailure' });
  for (let call = 0; call < 130; call += 1) await gateway.call('rain', { body: call === 0 ? 'known' : `call ${call}` });
  const { admission } = gateway.app.parts;
  admission.take(250_000_000);
  await gateway.call('snow'); // shed, since memory is short
  admission.give(250_000_000);
  gateway.app.refuse(['no reason']);
  gateway.app.parts.emit(undefined as never); // on which every listener throws
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  for (const [name, { type, labels }] of Object.entries(metricTable)) {
    const sample = text
      .split('\n')
      .find(
        line => line.startsWith(type === 'histogram' ? `${name}_count` : `${name}{`) || line.startsWith(`${name} `),
      );
    t.ok(sample, `${name} is fed`);
    const found = [...(sample ?? '').matchAll(/([a-z_]+)="/g)].map(match => match[1]);
    t.same(found.sort(), [...labels].sort(), `${name} has the labels of the table`);
  }
});

test('success is counted twice: answered, and answered by a model', async t => {
  const gateway = await startTestGateway(t, {
    models: {
      rain: simpleModel(['us-east-1'], {
        cache: { freshSeconds: 600, staleIfErrorSeconds: 600 },
        fallback: ['stale', { static: { body: '{}' } }],
      }),
    },
  });
  await gateway.call('rain', { body: 'a' });
  await gateway.call('rain', { body: 'a' });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType: 'InternalFailure' });
  await gateway.call('rain', { body: 'b' });
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  for (const answeredBy of ['model', 'cache', 'static']) {
    t.match(
      text,
      new RegExp(`meridian_requests_total\\{model="rain",protocol="v1",outcome="ok",answered_by="${answeredBy}"\\} 1`),
    );
  }
});

test('one completion line per request, with the trail; sampling drops only plain successes', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1', 'us-west-2'], { routing: { policy: 'ordered', warmShare: 0 } }) },
  });
  await gateway.call('rain', { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType: 'InternalFailure' });
  await gateway.call('rain');
  const lines = gateway.log.filter(line => line['message'] === 'request');
  t.equal(lines.length, 2);
  t.match(lines[0], {
    status: 200,
    model: 'rain',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    trail: ['v1@us-east-1/realtime:ok'],
  });
  t.match(lines[1], {
    trail: ['v1@us-east-1/realtime:backend-fault', 'v1@us-west-2/realtime:ok'],
    causes: ['InternalFailure'],
  });
});
