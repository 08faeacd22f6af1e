import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { seededRandom } from '../../src/core/random.ts';
import { CaptureRecord } from '../../src/drift/capture-record.ts';
import { canaryApi, canaryModel } from '../helpers/canary.ts';
import { runCommand } from '../helpers/command.ts';
import { predictionOf, sampleBaseline, sampleRecord, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { stateDir } from '../helpers/state-dir.ts';

/** The stand-in echoes: a body that holds predictions too is its own answer. */
const bodyOf = (rows: readonly { x: number }[]) =>
  JSON.stringify({ instances: rows, predictions: rows.map(predictionOf), secret: 'card 4242' });
const json = { 'content-type': 'application/json' };

const windows = { paneSeconds: 1, tumblingPanes: 1, settleMs: 0, minRecords: 20, minTruths: 10 };
const monitored = (monitor: ConfigData, more: ConfigData = {}): ConfigData => ({
  models: { rain: simpleModel(['us-east-1', 'eu-west-1'], { monitor: { windows, ...monitor }, ...more }) },
});

const metricsOf = async (gateway: TestGateway) => (await fetch(`${gateway.urls.admin}/metrics`)).text();

test('a drifted feature reaches the metrics, from calls as they come', async t => {
  const gateway = await startTestGateway(t, monitored({ baseline: writeBaseline(stateDir(t), sampleBaseline()) }));
  t.match(await metricsOf(gateway), /meridian_drift_baseline_loaded\{model="rain",version="v1"\} 1/);
  const random = seededRandom(2);
  const feature =
    /meridian_drift_level\{model="rain",version="v1",scope="all",window="tumbling",monitor="features",feature="x"\} 2/;
  let seen = false;
  await eventually(t, 'drifted', async () => {
    for (let i = 0; i < 10; i++)
      await gateway.call('rain', {
        headers: json,
        body: bodyOf(Array.from({ length: 5 }, () => sampleRecord(random, 2))),
      });
    seen = feature.test(await metricsOf(gateway));
    return seen;
  });
  const text = await metricsOf(gateway);
  t.match(text, /meridian_drift_score\{.*feature="x".*statistic="wasserstein".*\} [0-9.]+/);
  t.match(text, /meridian_monitored_calls_total\{.*result="read"\} \d+/);
  t.match(text, /meridian_data_quality_violations_total\{.*check="baseline_drift_check"\} \d+/);
});

test('a truth that follows its answer at once is joined', async t => {
  const gateway = await startTestGateway(t, monitored({ feedback: {} }));
  const body = bodyOf([sampleRecord(seededRandom(4), 0)]);
  const results: unknown[] = [];
  for (let call = 0; call < 20; call += 1) {
    const inferenceId = `at-once-${call}`;
    await gateway.call('rain', { headers: { ...json, 'x-amzn-sagemaker-inference-id': inferenceId }, body });
    const truth = JSON.stringify({ inferenceId, truth: 1 });
    const response = await fetch(`${gateway.urls.data}/v1/feedback`, { method: 'POST', headers: json, body: truth });
    results.push(((await response.json()) as { result: unknown }).result);
  }
  t.strictSame(new Set(results), new Set(['joined']));
});

test('a version that was replaced drifts no more: its last window does not stand for ever', async t => {
  const monitor = { windows, baseline: writeBaseline(stateDir(t), sampleBaseline()) };
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ monitor }, ['us-east-1']) } });
  const random = seededRandom(2);
  const level = (version: string) => new RegExp(`meridian_drift_level\\{model="rain",version="${version}"`);
  await eventually(t, 'v1 is judged', async () => {
    const rows = Array.from({ length: 40 }, () => sampleRecord(random, 2));
    await gateway.call('rain', { headers: json, body: bodyOf(rows) });
    return level('v1').test(await metricsOf(gateway));
  });
  const { post } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  t.match(await post('promote', { model: 'rain' }), { status: 200 });
  await eventually(t, 'it says nothing any more', async () => !level('v1').test(await metricsOf(gateway)));
  t.match(await metricsOf(gateway), /meridian_drift_baseline_loaded\{model="rain",version="v1"\} 1/);
});

test('ground truth by HTTP: one, many, of the caller’s own tenant only', async t => {
  const gateway = await startTestGateway(t, {
    ...monitored({ feedback: {}, payload: { threshold: 0.5 } }),
    auth: {
      keys: ['acme', 'evil'].map(tenant => ({ id: tenant, secret: `${tenant}-secret-of-twenty-letters`, tenant })),
    },
  });
  const key = (tenant: string) => ({ ...json, 'x-api-key': `${tenant}-secret-of-twenty-letters` });
  const post = async (body: string, headers: Record<string, string>) => {
    const response = await fetch(`${gateway.urls.data}/v1/feedback`, { method: 'POST', headers, body });
    return { status: response.status, answer: await response.json() };
  };
  const truths: unknown[] = [];
  gateway.app.join(event => {
    if (event.type === 'truth-joined') truths.push([event.version, event.inferenceId, event.truth]);
  });
  const named = { ...key('acme'), 'x-amzn-sagemaker-inference-id': 'mine' };
  await gateway.call('rain', { headers: named, body: bodyOf([{ x: 1 }]) });
  const { headers } = await gateway.call('rain', { headers: key('acme'), body: bodyOf([{ x: 1 }, { x: -1 }]) });
  const unnamed = headers.get('x-meridian-request-id') ?? '';
  await eventually(t, 'the answers were read', async () =>
    /meridian_monitored_calls_total\{.*\} 2/.test(await metricsOf(gateway)),
  );
  t.match(await post('{"inferenceId":"mine","truth":1}', key('evil')), { status: 404, answer: { result: 'unknown' } });
  t.match(await post('{"inferenceId":"mine","truth":1}', key('acme')), {
    status: 200,
    answer: { inferenceId: 'mine', result: 'joined' },
  });
  t.match(await post('{"inferenceId":"mine","truth":0}', key('acme')), { status: 409, answer: { result: 'conflict' } });
  const lines = `{"inferenceId":"mine","truth":1}\n{"inferenceId":"${unnamed}","truth":[1,0]}\nno\n`;
  t.match(await post(lines, { ...key('acme'), 'content-type': 'application/jsonlines' }), {
    status: 200,
    answer: { joined: 1, results: [{ result: 'duplicate' }, { result: 'joined' }, { result: 'invalid' }] },
  });
  t.strictSame(truths, [
    ['v1', 'mine', 1],
    ['v1', unnamed, 1],
    ['v1', unnamed, 0],
  ]);
  t.match(await post('{"records":1}', key('acme')), { status: 400 });
  t.match(await post('{}', { ...json, 'x-api-key': 'nobody' }), { status: 403 });
  await eventually(t, 'counted', async () =>
    /meridian_feedback_total\{result="joined"\} 2/.test(await metricsOf(gateway)),
  );
});

test('captured where the region that served it belongs, sealed, redacted; exported and deleted by the CLI', async t => {
  const root = stateDir(t);
  const encryption = { encryptionKey: 'a key of the destination' };
  const config = {
    ...monitored(
      { capture: { features: ['x'] }, feedback: {} },
      {
        cache: { freshSeconds: 60 },
        routing: { policy: 'ordered', warmShare: 0 },
      },
    ),
    capture: { destinations: { us: { directory: join(root, 'us'), encryption } }, flushMs: 10 },
    auth: { keys: [{ id: 'acme', secret: 'acme-secret-of-twenty-letters', tenant: 'acme' }], anonymous: true },
  };
  const gateway = await startTestGateway(t, config);
  const key = { ...json, 'x-api-key': 'acme-secret-of-twenty-letters' };
  const rows = [{ x: 1, colour: 'red' }];
  await gateway.call('rain', {
    headers: { ...key, 'x-amzn-sagemaker-inference-id': 'mine' },
    body: bodyOf(rows),
  });
  await gateway.call('rain', { headers: { ...key }, body: bodyOf(rows) }); // from cache
  await gateway.call('rain', { headers: { ...json }, body: bodyOf([{ x: 2 }]) });
  await gateway.call('rain', { headers: { ...json, 'x-meridian-region': 'eu-west-1' }, body: bodyOf([{ x: 3 }]) });
  const files = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl'));
  await eventually(t, 'written', async () =>
    /captured_calls_total\{model="rain",result="written"\} 2/.test(await metricsOf(gateway)),
  );
  t.match(await metricsOf(gateway), /captured_calls_total\{model="rain",result="no-destination"\} 1/);
  t.equal(files().length, 2, 'a file for each tenant');
  for (const name of files()) {
    t.match(name, /^us\/rain\/v1\/\d{4}\/\d\d\/\d\d\/\d\d\/\d{4}-[0-9a-f]{8}-[0-9a-f]{12}-\d+\.jsonl$/);
    t.notMatch(readFileSync(join(root, name), 'utf8'), /instances|mine|4242/);
  }
  const file = join(root, 'config.yaml');
  writeFileSync(file, JSON.stringify({ ...config, regions: { 'us-east-1': {}, 'eu-west-1': {} } }));
  const { code, out, err } = await runCommand([
    ...['data', 'export', '--config', file],
    ...['--from', join(root, 'us'), '--out', join(root, 'opened')],
  ]);
  t.equal(code, 0, out + err);
  const opened = files().filter(name => name.startsWith('opened/'));
  const records = opened.flatMap(name =>
    readFileSync(join(root, name), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
  );
  t.equal(records.length, 2);
  const mine = records.find(({ eventMetadata }) => eventMetadata.inferenceId === 'mine');
  t.ok(Value.Check(CaptureRecord, mine));
  t.strictSame(mine.captureData, {
    endpointInput: {
      observedContentType: 'application/json',
      mode: 'INPUT',
      data: '{"instances":[{"x":1}]}',
      encoding: 'JSON',
    },
    endpointOutput: {
      observedContentType: 'application/json',
      mode: 'OUTPUT',
      data: `{"predictions":[${predictionOf({ x: 1 })}]}`,
      encoding: 'JSON',
    },
  });
  t.match(mine.eventMetadata.inferenceTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const asked = async (...what: string[]) => {
    const deleted = await runCommand(['data', 'delete', ...what, '--admin', gateway.urls.admin, '--json']);
    t.equal(deleted.code, 0, deleted.err);
    return JSON.parse(deleted.out);
  };
  t.strictSame(await asked('--inference-id', 'mine'), {
    captured: 1,
    feedback: 1,
    cached: 1,
    replicas: { answered: 1, expected: 1 },
  });
  t.equal(files().filter(name => name.startsWith('us/')).length, 1);
  const again = await gateway.call('rain', { headers: { ...key }, body: bodyOf(rows) });
  t.equal(again.headers.get('x-meridian-cache'), 'miss', 'not from the cache any more');
  t.match(await asked('--tenant', 'anonymous'), { captured: 1, feedback: 2, cached: 2 });
});

test('a call that was answered and not read yet when its tenant’s data is deleted is not remembered afterwards', async t => {
  const gateway = await startTestGateway(t, monitored({ feedback: {} }));
  const { erasures } = gateway.app.drift;
  const reports: Promise<{ readonly feedback: number }>[] = [];
  gateway.app.join(event => {
    if (event.type === 'version-called') reports.push(erasures.erase({ tenant: 'anonymous' }));
  });
  const headers = { ...json, 'x-amzn-sagemaker-inference-id': 'mine' };
  await gateway.call('rain', { headers, body: bodyOf([{ x: 1 }]) });
  t.match(await Promise.all(reports), [{ feedback: 1 }]);
  const body = '{"inferenceId":"mine","truth":1}';
  t.equal((await fetch(`${gateway.urls.data}/v1/feedback`, { method: 'POST', headers: json, body })).status, 404);
});
