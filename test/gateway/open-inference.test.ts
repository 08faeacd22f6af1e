import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

/** Answers each record's sum of `a` and `b`, and `a` twice. */
const adder: ModelContainer = {
  predict: ({ body }) => {
    const { instances } = JSON.parse(body.toString()) as { instances: { a: number; b: number[]; word: string }[] };
    if (instances.some(({ word }) => word === 'bad'))
      return { status: 400, contentType: 'text/plain', body: Buffer.from('a bad word') };
    const predictions = instances.map(({ a, b }) => ({ sum: a + b.reduce((x, y) => x + y, 0), pair: [a, a] }));
    return { status: 200, contentType: 'application/json', body: Buffer.from(JSON.stringify({ predictions })) };
  },
};
const tensors = {
  inputs: [
    { name: 'a', datatype: 'INT64', shape: [-1, 1] },
    { name: 'b', datatype: 'FP32', shape: [-1, 2] },
    { name: 'word', datatype: 'BYTES', shape: [-1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1] },
    { name: 'pair', datatype: 'INT64', shape: [-1, 2] },
  ],
};
const models = {
  adder: {
    versions: {
      v1: { weight: 90, targets: targetsIn(['us-east-1']) },
      v2: { weight: 10, targets: targetsIn(['us-west-2']) },
    },
    tensors,
    routing: { warmShare: 0 },
  },
  rain: { versions: { v1: { targets: targetsIn(['us-east-1'], 'rain-v2') } } },
};
const containers = { ...echoContainers, 'rain-v1': adder };
const start = (t: Parameters<typeof startTestGateway>[0], more = {}) =>
  startTestGateway(t, { models, ...more }, { simulator: { containers } });

const infer = {
  id: 'call-1',
  inputs: [
    { name: 'a', shape: [2, 1], datatype: 'INT64', data: [1, 2] },
    {
      name: 'b',
      shape: [2, 2],
      datatype: 'FP32',
      data: [
        [0.5, 0.5],
        [1, 1],
      ],
    },
    { name: 'word', shape: [2], datatype: 'BYTES', data: ['x', 'y'] },
  ],
};

async function ask(gateway: TestGateway, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const init =
    body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(gateway.urls.data + path, { headers, ...init });
  return {
    status: response.status,
    json: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

test('server and model metadata, health and readiness', async t => {
  const gateway = await start(t);
  t.match((await ask(gateway, '/v2')).json, { name: 'meridian', version: /^\d/, extensions: [] });
  t.same((await ask(gateway, '/v2/health/live')).json, { live: true });
  t.same((await ask(gateway, '/v2/health/ready')).json, { ready: true });
  t.match((await ask(gateway, '/v2/models/adder')).json, {
    name: 'adder',
    versions: ['v1', 'v2'],
    inputs: tensors.inputs,
    outputs: tensors.outputs,
  });
  t.match(await ask(gateway, '/v2/models/adder/versions/v2/ready'), {
    status: 200,
    json: { name: 'adder', ready: true },
  });
  t.match(await ask(gateway, '/v2/models/rain/ready'), { status: 503, json: { ready: false } });
  t.match(await ask(gateway, '/v2/models/nobody'), { status: 404, json: { error: /No model/ } });
  t.match(await ask(gateway, '/v2/models/adder/versions/v9/ready'), { status: 404 });
});

test('tensors become the model’s own JSON, and its answer tensors', async t => {
  const gateway = await start(t);
  const { status, json, headers } = await ask(gateway, '/v2/models/adder/infer', infer);
  t.equal(status, 200);
  t.same(json['outputs'], [
    { name: 'sum', datatype: 'FP32', shape: [2], data: [2, 4] },
    { name: 'pair', datatype: 'INT64', shape: [2, 2], data: [1, 1, 2, 2] },
  ]);
  t.match(json, { model_name: 'adder', id: 'call-1' });
  t.ok(headers.get('x-meridian-target'));
  const one = await ask(gateway, '/v2/models/adder/infer', { ...infer, outputs: [{ name: 'sum' }] });
  t.same((one.json['outputs'] as object[]).length, 1);
  for (const version of ['v1', 'v2', 'v1', 'v2']) {
    const pinned = await ask(gateway, `/v2/models/adder/versions/${version}/infer`, infer);
    t.equal(pinned.json['model_version'], version);
  }
});

test('a region that fails is left, and what is wrong is told as this protocol does', async t => {
  const gateway = await start(t);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error' });
  t.equal((await ask(gateway, '/v2/models/adder/infer', infer)).status, 200);
  const pinned = await ask(gateway, '/v2/models/adder/versions/v1/infer', infer);
  t.match(pinned, { status: 503, json: { error: /./ } }, 'a version that is named is not replaced');
  const input = (change: object) => ({
    ...infer,
    inputs: [{ ...infer.inputs[0], ...change }, ...infer.inputs.slice(1)],
  });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['{', /JSON object/],
    [{}, /inputs: must be a list/],
    [{ inputs: infer.inputs.slice(1) }, /tensor a once/],
    [input({ name: 'z' }), /inputs\[0\]\.name: must be one of a, b, word/],
    [input({ datatype: 'FP32' }), /inputs\[0\]\.datatype: must be INT64/],
    [input({ shape: [2] }), /inputs\[0\]\.shape: must be \[-1, 1\]/],
    [input({ data: [1] }), /as many values/],
    [input({ data: [1, 1.5] }), /data\[1\]: is no INT64/],
    [input({ shape: [1, 1], data: [1] }), /not as many rows/],
    [input({ data: undefined }), /is missing/],
    [{ ...infer, outputs: [{ name: 'z' }] }, /outputs\[0\]\.name/],
    [{ ...infer, outputs: [{ name: 'sum', parameters: { classification: 2 } }] }, /classification/],
    [{ ...infer, inputs: [...infer.inputs.slice(0, 2), { ...infer.inputs[2], data: ['bad', 'x'] }] }, /a bad word/],
  ];
  for (const [body, words] of cases)
    t.match(await ask(gateway, '/v2/models/adder/infer', body), { status: 400, json: { error: words } }, String(words));
  t.match(await ask(gateway, '/v2/models/rain/infer', infer), { status: 400, json: { error: /tensors/ } });
  const get = await ask(gateway, '/v2/models/adder/infer');
  t.match([get.status, get.headers.get('allow')], [405, 'POST']);
});

test('a server that speaks the protocol itself gets what was sent', async t => {
  const seen: { path: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ path: request.url, body: Buffer.concat(await request.toArray()).toString() });
    response.setHeader('content-type', 'application/json').end('{"model_name":"m","outputs":[]}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { kind: 'http', api: 'open-inference', region: 'us-east-1', url, modelId: 'adder-there' };
  const gateway = await start(t, { models: { adder: { versions: { v1: { targets: [target] } } } } });
  const body = JSON.stringify(infer);
  t.match(await ask(gateway, '/v2/models/adder/infer', body), { status: 200, json: { model_name: 'm' } });
  t.same(seen, [{ path: '/v2/models/adder-there/infer', body }]);
  const triton = {
    ...infer,
    parameters: { binary_data_output: true, priority: 1 },
    outputs: [{ name: 'sum', parameters: { binary_data: true, classification: 1 } }, { name: 'pair' }],
  };
  await ask(gateway, '/v2/models/adder/infer', JSON.stringify(triton));
  t.same(
    JSON.parse(seen[1]?.body ?? ''),
    {
      ...infer,
      parameters: { priority: 1 },
      outputs: [{ name: 'sum', parameters: { classification: 1 } }, { name: 'pair' }],
    },
    'but for the binary form, which could not be passed on',
  );
});

test('inputs in the binary form, as Triton’s client sends them, are read as the JSON they stand for', async t => {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.setHeader('content-type', 'application/json').end('{"outputs":[]}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { kind: 'http', api: 'open-inference', region: 'us-east-1', url };
  const gateway = await start(t, { models: { ...models, there: { versions: { v1: { targets: [target] } } } } });
  const values = [Buffer.from(BigInt64Array.of(1n, 2n).buffer), Buffer.from(Float32Array.of(0.5, 0.5, 1, 1).buffer)];
  const words = Buffer.from([1, 0, 0, 0, 120, 1, 0, 0, 0, 121]);
  const tensorsAsBytes = [...values, words];
  const inputs = infer.inputs.map(({ data: _, ...tensor }, index) => ({
    ...tensor,
    parameters: { binary_data_size: tensorsAsBytes[index]?.length },
  }));
  const head = Buffer.from(JSON.stringify({ id: 'call-1', inputs, parameters: { binary_data_output: true } }));
  const call = async (model: string, length = head.length) => {
    const response = await fetch(`${gateway.urls.data}/v2/models/${model}/infer`, {
      method: 'POST',
      body: Buffer.concat([head, ...tensorsAsBytes]),
      headers: { 'inference-header-content-length': String(length), 'content-type': 'application/octet-stream' },
    });
    return { status: response.status, json: await response.json() };
  };
  t.match(await call('adder'), {
    status: 200,
    json: {
      outputs: [
        { name: 'sum', data: [2, 4] },
        { name: 'pair', data: [1, 1, 2, 2] },
      ],
    },
  });
  t.equal((await call('there')).status, 200);
  t.match(bodies, [{ id: 'call-1', inputs: [{ name: 'a', data: [1, 2] }, { name: 'b' }, { data: ['x', 'y'] }] }]);
  t.match(await call('adder', head.length - 1), { status: 400, json: { error: /inference-header-content-length/ } });
  const tight = await start(t, { limits: { maxJsonValues: 1_000 } });
  const many = { name: 'a', datatype: 'UINT8', shape: [5_000], parameters: { binary_data_size: 5_000 } };
  const announced = Buffer.from(JSON.stringify({ inputs: [many] }));
  const refused = await fetch(`${tight.urls.data}/v2/models/adder/infer`, {
    method: 'POST',
    body: Buffer.concat([announced, Buffer.alloc(5_000, 2)]),
    headers: { 'inference-header-content-length': String(announced.length) },
  });
  t.equal(refused.status, 413, 'they count as values');
});
