import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { InvokeEndpointAsyncCommand } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { systemClock } from '../../sim/clock.ts';
import { containers } from '../../sim/models/containers.ts';
import { failure, runtimeClient } from '../helpers/aws-clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const bucket = 'meridian-jobs-us-east-1';
const head = { contentType: 'text/csv', metadata: {} };
const keyOf = (location: string | undefined) => (location ?? '').replace(`s3://${bucket}/`, '');

test('an object in gives an object out, under the ids and places that were answered', async t => {
  const simulator = await startTestSimulator(t, { containers });
  const objects = simulator.objects('us-east-1');
  const csv = 'date,precipitation,temp_max,temp_min,wind\n2014-11-03,4.1,11.7,7.2,3.9\n2014-11-04,0,12,7,3\n';
  objects.put(bucket, 'in/days.csv', Buffer.from(csv), head);
  const accepted = await runtimeClient(t, simulator).send(
    new InvokeEndpointAsyncCommand({
      EndpointName: 'rain-batch',
      InputLocation: `s3://${bucket}/in/days.csv`,
      ContentType: 'text/csv',
      InferenceId: 'mine',
    }),
  );
  t.match(accepted, { InferenceId: 'mine', $metadata: { httpStatusCode: 202 } });
  t.match(accepted.OutputLocation, /^s3:\/\/meridian-jobs-us-east-1\/outputs\/[0-9a-f-]{36}\.out$/);
  t.match(accepted.FailureLocation, /\/failures\/[0-9a-f-]{36}-error\.out$/);
  const key = keyOf(accepted.OutputLocation);
  await eventually(t, 'the output is there', () => objects.list(bucket, key).length === 1);
  t.equal(JSON.parse(objects.get(bucket, key).body.toString()).predictions.length, 2);
});

test('a body may come along, exactly one of the two, and not too large', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  const send = (input: object) => client.send(new InvokeEndpointAsyncCommand({ EndpointName: 'rain-batch', ...input }));
  const { OutputLocation } = await send({
    Body: Buffer.from('hello'),
    Filename: 'my.out',
    S3OutputPathExtension: 'x/y',
  });
  t.equal(OutputLocation, `s3://${bucket}/outputs/x/y/my.out`);
  const objects = simulator.objects('us-east-1');
  await eventually(t, 'echoed', () => objects.list(bucket, 'outputs/x/y/my.out').length === 1);
  const location = `s3://${bucket}/in`;
  for (const wrong of [{}, { Body: Buffer.from('x'), InputLocation: location }, { Body: Buffer.alloc(128_001) }])
    t.match(await failure(send(wrong)), { name: 'ValidationError' });
  t.match(await failure(send({ InputLocation: 's3://elsewhere/x' })), { name: 'ValidationError' });
  t.match(await failure(send({ InputLocation: location, RequestTTLSeconds: 59 })), { name: 'ValidationError' });
  const sync = { EndpointName: 'rain-v1', Body: Buffer.from('x') };
  t.match(await failure(client.send(new InvokeEndpointAsyncCommand(sync))), { message: /asynchronous/ });
});

test('a model that refuses leaves a failure object, and SNS tells the subscriber', async t => {
  const told: { Type: string; Message: string }[] = [];
  const server = createServer(async (request, response) => {
    told.push((await json(request)) as (typeof told)[0]);
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const notify = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sns`;
  const bad = { predict: () => ({ status: 400, contentType: 'text/plain', body: Buffer.from('no such day') }) };
  const simulator = await startTestSimulator(t, {
    containers: { ...echoContainers, bad },
    endpoints: [{ kind: 'async', name: 'bad', container: 'bad', outputs: `s3://${bucket}/out`, notify }],
  });
  const client = runtimeClient(t, simulator);
  const sent = await client.send(new InvokeEndpointAsyncCommand({ EndpointName: 'bad', Body: Buffer.from('x') }));
  await eventually(t, 'told', () => told.length === 1);
  const written = simulator.objects('us-east-1').get(bucket, keyOf(sent.FailureLocation)).body.toString();
  t.match(written, /client error \(400\).*no such day/);
  t.equal(told[0]?.Type, 'Notification');
  t.match(JSON.parse(told[0]?.Message ?? '{}'), { invocationStatus: 'Failed', inferenceId: sent.InferenceId });
});

test('what waits too long in the queue expires', async t => {
  let wallMs = Date.now();
  const clock = { ...systemClock, wallMs: () => wallMs };
  const simulator = await startTestSimulator(t, { clock });
  const fault = await simulator.faults.add({ region: 'us-east-1', kind: 'async-stall', endpoint: 'rain-batch' });
  const sent = await runtimeClient(t, simulator).send(
    new InvokeEndpointAsyncCommand({ EndpointName: 'rain-batch', Body: Buffer.from('x'), RequestTTLSeconds: 60 }),
  );
  t.equal(simulator.stats().regions['us-east-1']?.endpoints['rain-batch']?.state['queued'], 1);
  wallMs += 60_001;
  await simulator.faults.remove(fault);
  const objects = simulator.objects('us-east-1');
  const key = keyOf(sent.FailureLocation);
  await eventually(t, 'given up', () => objects.list(bucket, key).length === 1);
  t.match(objects.get(bucket, key).body.toString(), /expired in the queue/);
  t.equal(objects.list(bucket, keyOf(sent.OutputLocation)).length, 0);
});
