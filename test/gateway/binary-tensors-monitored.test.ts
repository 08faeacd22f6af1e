import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

/** Answers each record's `a`, twice. */
const doubler: ModelContainer = {
  predict: ({ body }) => {
    const { instances } = JSON.parse(body.toString()) as { instances: { a: number }[] };
    const answer = JSON.stringify({ predictions: instances.map(({ a }) => ({ sum: 2 * a })) });
    return { status: 200, contentType: 'application/json', body: Buffer.from(answer) };
  },
};

/** IEEE 754 binary16 of 0.5, 1 and 2. */
const halves = Buffer.from(Uint16Array.of(0x3800, 0x3c00, 0x4000).buffer);

test('tensors in the binary form are monitored, captured and redacted as the JSON they stand for', async t => {
  const directory = stateDir(t);
  const gateway = await startTestGateway(
    t,
    {
      models: {
        half: {
          versions: { v1: { targets: targetsIn(['us-east-1']) } },
          tensors: {
            inputs: [
              { name: 'a', datatype: 'FP16', shape: [-1] },
              { name: 'word', datatype: 'BYTES', shape: [-1] },
            ],
            outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1] }],
          },
          routing: { warmShare: 0 },
          monitor: { payload: { prediction: '/sum' }, capture: { features: ['a'] }, feedback: {} },
        },
      },
      capture: { destinations: { us: { directory, encryption: 'none' } }, flushMs: 10 },
    },
    { simulator: { containers: { ...echoContainers, 'rain-v1': doubler } } },
  );
  const words = Buffer.from([1, 0, 0, 0, 120, 3, 0, 0, 0, 65, 110, 110, 0, 0, 0, 0]);
  const tensors = [
    { name: 'a', datatype: 'FP16', shape: [3], parameters: { binary_data_size: halves.length } },
    { name: 'word', datatype: 'BYTES', shape: [3], parameters: { binary_data_size: words.length } },
  ];
  const head = Buffer.from(JSON.stringify({ id: 'call-1', inputs: tensors }));
  const response = await fetch(`${gateway.urls.data}/v2/models/half/infer`, {
    method: 'POST',
    body: Buffer.concat([head, halves, words]),
    headers: {
      'inference-header-content-length': String(head.length),
      'content-type': 'application/octet-stream',
      'x-amzn-sagemaker-inference-id': 'mine',
    },
  });
  t.match(await response.json(), { outputs: [{ name: 'sum', data: [1, 2, 4] }] });
  const files = () => readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(name => /jsonl$/.test(name));
  await eventually(t, 'captured', async () => files().length === 1);
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_monitored_calls_total\{model="half",version="v1",result="read"\} 1/);
  const record = JSON.parse(readFileSync(join(directory, files()[0] ?? ''), 'utf8'));
  t.equal(record.captureData.endpointInput.data, '{"instances":[{"a":0.5},{"a":1},{"a":2}]}');
  const truth = await fetch(`${gateway.urls.data}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inferenceId: 'mine', truth: [1, 2, null] }),
  });
  t.match(await truth.json(), { result: 'joined' });
});
