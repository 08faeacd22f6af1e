import { type Test, test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { hooks, notification, postHook } from '../helpers/alerts.ts';
import { batchesClient, batchesConfig, batchModel, inputs, putDays } from '../helpers/batches.ts';
import { sampleBaseline, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { regionNames, simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { jobsClient } from '../helpers/jobs.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

/**
 * Metrics of a gateway whose models are watched: one's numbers are texts, its predictions begin to be wrong and an alert
 * retrains it; the other has a version on trial.
 */
async function watchedMetrics(t: Test, running: Simulator): Promise<string> {
  const windows = { paneSeconds: 1, tumblingPanes: 1, settleMs: 0, minRecords: 20 };
  const monitor = { windows, baseline: writeBaseline(stateDir(t), sampleBaseline()), feedback: {}, capture: {} };
  const capture = { destinations: { us: { directory: stateDir(t), encryption: 'none' } }, flushMs: 10 };
  const retrain = { actions: [{ kind: 'event', region: 'us-east-1' }] };
  const sleet = {
    canary: { steps: [50, 100], warmUpCalls: 0, lookEveryMs: 250 },
    versions: {
      v1: { targets: targetsIn(['us-east-1']) },
      v2: { weight: 0, targets: targetsIn(['us-east-1'], 'rain-v2') },
    },
  };
  const models = { rain: simpleModel(['us-east-1'], { monitor, retrain }), sleet };
  const gateway = await startTestGateway(t, { models, capture, hooks }, { running });
  await postHook(gateway.urls.admin, notification({ labels: { model: 'rain', monitor: 'prediction' } }));
  const acted = ({ message }: Record<string, unknown>) => message === 'retrain';
  await eventually(t, 'an action is carried out', () => gateway.log.some(acted));
  await gateway.app.canaries.start('sleet', 'v2', 'test');
  for (let call = 0; call < 60; call += 1) await gateway.call('sleet', { body: String(call) });
  const instances = Array.from({ length: 120 }, () => ({ x: 'no number', colour: 'red' }));
  const predictions = instances.map((_, index) => (index < 60 ? 'dry' : 'wet'));
  const fed = [
    'drift_score{',
    'performance{',
    'error_shifts_total{',
    'data_quality_violations_total{',
    'captured_calls_total{',
    'canary_guard_statistic{model="sleet"',
  ];
  let text = '';
  let calls = 0;
  // Windows end every second, and each shows what came in it: calls go on until one shows everything.
  await eventually(t, 'a window shows everything', async () => {
    calls += 1;
    const headers = { 'content-type': 'application/json', 'x-amzn-sagemaker-inference-id': `call-${calls}` };
    await gateway.call('rain', { headers, body: JSON.stringify({ instances, predictions }) });
    const truth = JSON.stringify({ inferenceId: `call-${calls - 1}`, truth: instances.map(() => 'dry') });
    await fetch(`${gateway.urls.data}/v1/feedback`, { method: 'POST', body: truth });
    text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
    return fed.every(name => text.includes(`meridian_${name}`));
  });
  return text;
}

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
      hail: {
        versions: {
          v1: { targets: targetsIn(['eu-west-1']) },
          v2: { weight: 0, targets: targetsIn(['eu-west-1'], 'rain-v2', { price: { instance: 'ml.m5.large' } }) },
        },
        shadow: { version: 'v2', share: 1, queue: 1_000 },
      },
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
  for (let call = 0; call < 50; call += 1) await gateway.call('hail', { body: String(call) });
  await eventually(t, 'copies are compared', () => gateway.app.shadowing.view()[0]?.compared === 50);
  await gateway.call('rain', { body: 'known' });
  await gateway.call('rain', { headers: { 'amz-sdk-request': 'attempt=2; max=3' } });
  gateway.app.parts.admission.take(250_000_000);
  await gateway.call('hail'); // its copy is dropped, since memory is short
  gateway.app.parts.admission.give(250_000_000);
  while (gateway.app.parts.budget.takeRetry()); // so that the next retry is refused
  for (const region of regionNames)
    await gateway.simulator.faults.add({ region, kind: 'error', errorType: 'InternalFailure' });
  for (let call = 0; call < 130; call += 1) await gateway.call('rain', { body: call === 0 ? 'known' : `call ${call}` });
  const { admission } = gateway.app.parts;
  admission.take(250_000_000);
  await gateway.call('snow'); // shed, since memory is short
  admission.give(250_000_000);
  gateway.app.refuse(['no reason']);
  gateway.app.builds.told('rain-v1', 'us-east-1', 'deployed');
  gateway.app.parts.emit(undefined as never); // on which every listener throws
  const watched = await watchedMetrics(t, await startTestSimulator(t));
  const text = `${await (await fetch(`${gateway.urls.admin}/metrics`)).text()}\n${watched}`;
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
