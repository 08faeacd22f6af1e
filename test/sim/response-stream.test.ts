import {
  InvokeEndpointWithResponseStreamCommand,
  type SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { containers } from '../../sim/models/containers.ts';
import { failure, runtimeClient } from '../helpers/aws-clients.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const words = ['one ', 'two ', 'three'].map(word => Buffer.from(word));
const talking: ModelContainer = {
  predict: () => ({ status: 200, contentType: 'text/plain', body: Buffer.concat(words), chunks: words }),
};
const fleet = { ...echoContainers, 'rain-v1': talking };

/** The texts of the parts until the stream ends; rejects as the SDK does when it ends badly. */
async function stream(client: SageMakerRuntimeClient, seen: string[] = [], Accept?: string): Promise<string[]> {
  const Body = Buffer.from('x');
  const answer = await client.send(
    new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'rain-v1', Body, ...(Accept && { Accept }) }),
  );
  for await (const event of answer.Body ?? []) seen.push(Buffer.from(event.PayloadPart?.Bytes ?? []).toString());
  return [answer.ContentType ?? '', ...seen];
}

test('each piece a container writes is one event', async t => {
  const simulator = await startTestSimulator(t, { containers: fleet });
  t.same(await stream(runtimeClient(t, simulator)), ['text/plain', 'one ', 'two ', 'three']);
  const plain = await startTestSimulator(t);
  t.same((await stream(runtimeClient(t, plain))).slice(1), ['x'], 'a container that answers at once');
});

test('rain comes prediction by prediction to those who accept it so', async t => {
  const simulator = await startTestSimulator(t, { containers });
  const day = { date: '2014-11-03', precipitation: 4.1, temp_max: 11.7, temp_min: 7.2, wind: 3.9 };
  const client = runtimeClient(t, simulator);
  const answer = await client.send(
    new InvokeEndpointWithResponseStreamCommand({
      EndpointName: 'rain-v1',
      Body: Buffer.from(JSON.stringify({ instances: [day, day] })),
      ContentType: 'application/json',
      Accept: 'text/event-stream',
    }),
  );
  t.equal(answer.ContentType, 'text/event-stream');
  for await (const event of answer.Body ?? [])
    t.match(Buffer.from(event.PayloadPart?.Bytes ?? []).toString(), /^data: \{"rain":0\.\d+\}\n\n$/);
});

test('faults cut, silence or fail a stream where they say', async t => {
  const simulator = await startTestSimulator(t, { containers: fleet });
  const client = runtimeClient(t, simulator);
  const under = async (fault: { kind: 'stream-cut' | 'stream-error' | 'stream-stall'; after: number }) => {
    const id = await simulator.faults.add({ region: 'us-east-1', ...fault });
    const seen: string[] = [];
    const error = await failure(stream(client, seen));
    simulator.faults.remove(id);
    return { seen, error };
  };
  t.same((await under({ kind: 'stream-cut', after: 250 })).seen, ['one ', 'two '], 'two frames of 109 bytes and a bit');
  const failed = await under({ kind: 'stream-error', after: 1 });
  t.same([failed.seen, failed.error.name], [['one '], 'ModelStreamError']);
  t.equal((await under({ kind: 'stream-error', after: 0 })).error.name, 'ModelStreamError');

  await simulator.faults.add({ region: 'us-east-1', kind: 'stream-stall', after: 2 });
  const heard: string[] = [];
  const hanging = stream(client, heard);
  hanging.catch(() => {});
  while (heard.length < 2) await new Promise(setImmediate);
  t.same(heard, ['one ', 'two ']);
  t.equal(
    await Promise.race([hanging.then(() => 'over'), new Promise(resolve => setImmediate(resolve, 'open'))]),
    'open',
  );
});
