import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type Test, test } from 'tap';
import { failure } from '../helpers/aws-clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { asyncModel, bucketIn, jobsConfig } from '../helpers/jobs.ts';

function sdk(t: Test, gateway: TestGateway): SageMakerRuntimeClient {
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId: 'any', secretAccessKey: 'thing' },
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  return client;
}

const invoke = (input: object) => new InvokeEndpointAsyncCommand({ EndpointName: 'rain', ...input });

test('an unmodified AWS SDK gets its receipt, and the result is where the receipt says', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() } });
  const receipt = await sdk(t, gateway).send(
    invoke({
      Body: Buffer.from('hello'),
      ContentType: 'text/x',
      InferenceId: 'mine',
      S3OutputPathExtension: 'a/b',
      Filename: 'out.txt',
      RequestTTLSeconds: 600,
      InvocationTimeoutSeconds: 60,
    }),
  );
  t.match(receipt, { InferenceId: 'mine', $metadata: { httpStatusCode: 202 } });
  t.equal(receipt.OutputLocation, `s3://${bucketIn('us-east-1')}/outputs/a/b/out.txt`);
  t.match(receipt.FailureLocation, /^s3:\/\/.*-error\.out$/);
  const objects = gateway.simulator.objects('us-east-1');
  const key = 'outputs/a/b/out.txt';
  await eventually(t, 'the result', () => objects.list(bucketIn('us-east-1'), key).length === 1);
  t.match(objects.get(bucketIn('us-east-1'), key), { body: Buffer.from('hello'), contentType: 'text/x' });
});

test('a region that fails hands over to the next, like any call', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', endpoint: 'rain-batch' });
  const receipt = await sdk(t, gateway).send(invoke({ Body: Buffer.from('x') }));
  t.match(receipt.OutputLocation, 's3://meridian-jobs-us-west-2/');
});

test('an input is taken from the places its tenant may name, and served in their region only', async t => {
  const places = [
    { s3: 's3://meridian-jobs-eu-west-1/team/', region: 'eu-west-1' },
    { s3: 's3://meridian-jobs-us-west-2/others/', region: 'us-west-2', tenants: ['others'] },
  ];
  const gateway = await startTestGateway(t, {
    models: { rain: asyncModel() },
    jobs: jobsConfig(['us-east-1'], { places }),
  });
  const client = sdk(t, gateway);
  const InputLocation = 's3://meridian-jobs-eu-west-1/team/in.csv';
  const { OutputLocation } = await client.send(invoke({ InputLocation }));
  t.match(OutputLocation, 's3://meridian-jobs-eu-west-1/outputs/');
  for (const refused of [
    's3://meridian-jobs-us-west-2/others/in.csv',
    's3://meridian-jobs-us-east-1/team/in.csv',
    's3://meridian-jobs-eu-west-1/team',
    's3://meridian-jobs-eu-west-1/teams/in.csv',
  ])
    t.match(await failure(client.send(invoke({ InputLocation: refused }))), { name: 'AccessDeniedException' }, refused);
  for (const wrong of [
    's3://meridian-jobs-eu-west-1/team/../others/in.csv',
    's3://meridian-jobs-eu-west-1/team//in.csv',
    'https://meridian-jobs-eu-west-1.s3.amazonaws.com/team/in.csv',
    's3://meridian-jobs-eu-west-1',
  ])
    t.match(await failure(client.send(invoke({ InputLocation: wrong }))), { name: 'ValidationError' }, wrong);
});

test('exactly one input, and the right kind of endpoint', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(), quick: simpleModel() } });
  const client = sdk(t, gateway);
  const refusal = async (input: object) => (await failure(client.send(invoke(input)))).message;
  t.match(await refusal({}), /either a body or X-Amzn-SageMaker-InputLocation/);
  t.match(await refusal({ Body: Buffer.from('x'), InputLocation: 's3://abc/d' }), /not both/);
  t.match(await refusal({ Body: Buffer.alloc(128_001) }), /too large/);
  t.match(await refusal({ Body: Buffer.from('x'), EndpointName: 'quick' }), /takes no asynchronous calls/);
  t.match(await refusal({ Body: Buffer.from('x'), S3OutputPathExtension: '../x' }), /without \.\./);
  t.match(await gateway.call('rain'), { status: 400, text: /asynchronous calls only/ });
});

test('two equal calls are two pieces of work, also of a model that caches', async t => {
  const cache = { freshSeconds: 60, staleIfErrorSeconds: 60 };
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(['us-east-1'], { cache }) } });
  const client = sdk(t, gateway);
  const both = await Promise.all([1, 2].map(() => client.send(invoke({ Body: Buffer.from('same') }))));
  const third = await client.send(invoke({ Body: Buffer.from('same') }));
  t.equal(new Set([...both, third].map(({ OutputLocation }) => OutputLocation)).size, 3);
});

test('explain and metrics know asynchronous targets', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() } });
  await sdk(t, gateway).send(invoke({ Body: Buffer.from('x') }));
  const explained = await (await fetch(`${gateway.urls.admin}/admin/explain?model=rain`)).text();
  t.match(explained, 'v1@us-east-1/async');
  t.notMatch(explained, 'queued calls only');
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_attempts_total\{[^}]*target="v1@us-east-1\/async",outcome="ok"/);
});
