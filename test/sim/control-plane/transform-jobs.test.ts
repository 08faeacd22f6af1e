import {
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  type DescribeTransformJobCommandOutput,
  ListTransformJobsCommand,
  type SageMakerClient,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { type Test, test } from 'tap';
import type { ModelContainer } from '../../../sim/model-port.ts';
import type { Simulator } from '../../../sim/simulator.ts';
import { failure, sagemakerClient } from '../../helpers/aws-clients.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startTestSimulator } from '../../helpers/simulator.ts';

const bucket = 'meridian-jobs-us-east-1';

/** Answers each line with its length; refuses what contains "bad". */
const lengths: ModelContainer = {
  predict: ({ body }) => {
    const lines = body.toString().split('\n').filter(Boolean);
    if (lines.includes('bad')) return { status: 400, contentType: 'text/plain', body: Buffer.from('bad line') };
    return { status: 200, contentType: 'text/csv', body: Buffer.from(lines.map(line => line.length).join('\n')) };
  },
};

const containers = { lengths };
const options = { containers, models: { 'lengths-v1': 'lengths' }, endpoints: [], bedrockModels: [] };

function jobOf(name: string, more: Partial<CreateTransformJobCommandInput> = {}): CreateTransformJobCommandInput {
  return {
    TransformJobName: name,
    ModelName: 'lengths-v1',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${bucket}/days/` } },
      ContentType: 'text/csv',
      SplitType: 'Line',
    },
    TransformOutput: { S3OutputPath: `s3://${bucket}/scores/`, Accept: 'text/csv', AssembleWith: 'Line' },
    TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
    ...more,
  };
}

function put(simulator: Simulator, key: string, text: string): void {
  const head = { contentType: 'text/csv', metadata: {} };
  simulator.objects('us-east-1').put(bucket, key, Buffer.from(text), head);
}

function textAt(simulator: Simulator, key: string): string {
  return simulator.objects('us-east-1').get(bucket, key).body.toString();
}

async function ended(t: Test, client: SageMakerClient, name: string): Promise<DescribeTransformJobCommandOutput> {
  const describe = () => client.send(new DescribeTransformJobCommand({ TransformJobName: name }));
  await eventually(t, `${name} ends`, async () => (await describe()).TransformEndTime !== undefined);
  return describe();
}

test('an unmodified SDK client has every object below a prefix scored, line by line, by the container', async t => {
  const simulator = await startTestSimulator(t, options);
  const client = sagemakerClient(t, simulator);
  put(simulator, 'days/1.csv', 'a\nbb\n');
  put(simulator, 'days/more/2.csv', 'ccc');
  put(simulator, 'other/3.csv', 'dddd');
  const { TransformJobArn } = await client.send(new CreateTransformJobCommand(jobOf('one')));
  t.match(TransformJobArn, /^arn:aws:sagemaker:us-east-1:\d{12}:transform-job\/one$/);
  const found = await ended(t, client, 'one');
  t.match(found, {
    TransformJobStatus: 'Completed',
    ModelName: 'lengths-v1',
    TransformResources: { InstanceCount: 1 },
  });
  t.ok(Number(found.TransformEndTime) >= Number(found.TransformStartTime));
  t.equal(textAt(simulator, 'scores/1.csv.out'), '1\n2\n');
  t.equal(textAt(simulator, 'scores/more/2.csv.out'), '3\n');
  t.throws(() => textAt(simulator, 'scores/3.csv.out'), 'what is not below the prefix is left alone');
});

test('records go to the container one at a time, or as many as the payload limit takes', async t => {
  const bodies: string[] = [];
  const recording: ModelContainer = {
    predict: input => {
      bodies.push(input.body.toString());
      return lengths.predict(input);
    },
  };
  const simulator = await startTestSimulator(t, { ...options, containers: { lengths: recording } });
  const client = sagemakerClient(t, simulator);
  const half = 'x'.repeat(600_000);
  put(simulator, 'days/1.csv', `${half}\n${half}\nshort\n`);
  await client.send(new CreateTransformJobCommand(jobOf('many', { MaxPayloadInMB: 1 })));
  await ended(t, client, 'many');
  t.strictSame(bodies.splice(0), [`${half}\n`, `${half}\nshort\n`]);
  await client.send(new CreateTransformJobCommand(jobOf('single', { BatchStrategy: 'SingleRecord' })));
  await ended(t, client, 'single');
  t.equal(bodies.length, 3);
});

test('a job fails for input that the model refuses or that is not there, and leaves no output', async t => {
  const simulator = await startTestSimulator(t, options);
  const client = sagemakerClient(t, simulator);
  await client.send(new CreateTransformJobCommand(jobOf('empty')));
  t.match(await ended(t, client, 'empty'), { TransformJobStatus: 'Failed', FailureReason: /^ClientError: No objects/ });
  put(simulator, 'days/1.csv', 'good\nbad\n');
  await client.send(new CreateTransformJobCommand(jobOf('refused')));
  t.match(await ended(t, client, 'refused'), {
    TransformJobStatus: 'Failed',
    FailureReason: /^ClientError: See job logs/,
  });
  t.throws(() => textAt(simulator, 'scores/1.csv.out'));
  await simulator.faults.add({ region: 'us-east-1', kind: 'transform-fail', errorType: 'CapacityError' });
  await client.send(new CreateTransformJobCommand(jobOf('capacity')));
  t.match(await ended(t, client, 'capacity'), { FailureReason: /^CapacityError/ });
});

test('a stalled job is stopped, and a job that is over cannot be', async t => {
  const simulator = await startTestSimulator(t, options);
  const client = sagemakerClient(t, simulator);
  put(simulator, 'days/1.csv', 'a\n');
  await simulator.faults.add({ region: 'us-east-1', kind: 'transform-stall' });
  await client.send(new CreateTransformJobCommand(jobOf('stuck')));
  t.match(await client.send(new DescribeTransformJobCommand({ TransformJobName: 'stuck' })), {
    TransformJobStatus: 'InProgress',
  });
  await client.send(new StopTransformJobCommand({ TransformJobName: 'stuck' }));
  t.match(await ended(t, client, 'stuck'), { TransformJobStatus: 'Stopped' });
  const again = await failure(client.send(new StopTransformJobCommand({ TransformJobName: 'stuck' })));
  t.match(again, { name: 'ValidationException', message: /in status Stopped/ });
});

test('jobs are listed, the newest first, by state and part of the name', async t => {
  const simulator = await startTestSimulator(t, options);
  const client = sagemakerClient(t, simulator);
  for (const name of ['one', 'two', 'three']) await client.send(new CreateTransformJobCommand(jobOf(name)));
  await ended(t, client, 'three');
  const first = await client.send(new ListTransformJobsCommand({ NameContains: 't', MaxResults: 1 }));
  t.equal(first.TransformJobSummaries?.length, 1);
  const next = await client.send(new ListTransformJobsCommand({ NameContains: 't', NextToken: first.NextToken }));
  t.equal(next.TransformJobSummaries?.length, 1);
  t.equal(next.NextToken, undefined);
  const done = await client.send(new ListTransformJobsCommand({ StatusEquals: 'Completed' }));
  t.strictSame(done.TransformJobSummaries, []);
});

test('what the service refuses: a name used twice, an unknown model or job, bad fields, bad keys, injected faults', async t => {
  const simulator = await startTestSimulator(t, options);
  const client = sagemakerClient(t, simulator);
  const create = (more: Partial<CreateTransformJobCommandInput>) =>
    failure(client.send(new CreateTransformJobCommand(jobOf('one', more))));
  t.match(await create({ ModelName: 'nobody' }), {
    name: 'ValidationException',
    message: /^Could not find model "arn:/,
  });
  t.match(await create({ BatchStrategy: 'Some' as never }), { name: 'ValidationException', message: /BatchStrategy/ });
  t.match(await create({ TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 0 } }), {
    message: /InstanceCount/,
  });
  await client.send(new CreateTransformJobCommand(jobOf('one')));
  t.match(await create({}), { name: 'ResourceInUse' });
  const unknown = failure(client.send(new DescribeTransformJobCommand({ TransformJobName: 'nobody' })));
  t.match(await unknown, { name: 'ValidationException', message: /Could not find requested job/ });
  const denied = sagemakerClient(t, simulator, 'us-east-1', {
    credentials: { accessKeyId: 'denied', secretAccessKey: 'denied' },
  });
  t.match(await failure(denied.send(new ListTransformJobsCommand({}))), { name: 'AccessDeniedException' });
  const forged = sagemakerClient(t, simulator, 'us-east-1', {
    credentials: { accessKeyId: 'demo', secretAccessKey: 'wrong' },
  });
  t.match(await failure(forged.send(new ListTransformJobsCommand({}))), { name: 'InvalidSignatureException' });
  await simulator.faults.add({ region: 'us-east-1', kind: 'control-error', errorType: 'ServiceUnavailable' });
  t.match(await failure(client.send(new ListTransformJobsCommand({}))), { name: 'ServiceUnavailable' });
});
