import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  DescribePipelineExecutionCommand,
  ListModelPackagesCommand,
  ListPipelineExecutionsCommand,
  SageMakerClient,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { type Test, test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import { seasonSample } from '../../sim/models/samples.ts';
import { randomStream } from '../../sim/random.ts';
import { eventually } from '../helpers/eventually.ts';
import { putSummer } from '../helpers/season.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const region = 'us-west-2';
const bucket = 'meridian-jobs-us-west-2';
const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' };
const token = 'e'.repeat(64);

/** The stand-in with real models, and unmodified clients of its control planes. */
async function started(t: Test) {
  const simulator = await startTestSimulator(t, { containers, regions: [region, 'eu-west-1'] });
  const options = { region, endpoint: simulator.url(region), credentials, maxAttempts: 1 };
  const sagemaker = new SageMakerClient(options);
  const events = new EventBridgeClient(options);
  t.teardown(() => sagemaker.destroy());
  t.teardown(() => events.destroy());
  return { simulator, sagemaker, events };
}

const start = new StartPipelineExecutionCommand({
  PipelineName: 'rain-retrain',
  ClientRequestToken: token,
  PipelineParameters: [
    { Name: 'CaptureUri', Value: `s3://${bucket}/capture/rain/` },
    { Name: 'TruthUri', Value: `s3://${bucket}/truth/rain/` },
    { Name: 'ModelApprovalStatus', Value: 'PendingManualApproval' },
  ],
});

test('a pipeline trains the model anew, registers it and deploys it in every region', async t => {
  const { simulator, sagemaker } = await started(t);
  putSummer(simulator.objects(region), bucket, 400);
  const { PipelineExecutionArn } = await sagemaker.send(start);
  const again = await sagemaker.send(start);
  t.equal(again.PipelineExecutionArn, PipelineExecutionArn, 'the same token starts nothing twice');
  await eventually(t, 'it ends well', async () => {
    const { PipelineExecutionStatus } = await sagemaker.send(
      new DescribePipelineExecutionCommand({ PipelineExecutionArn }),
    );
    return PipelineExecutionStatus === 'Succeeded';
  });
  const { ModelPackageSummaryList: packages = [] } = await sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: 'rain' }),
  );
  t.match(packages, [{ ModelPackageVersion: 1, ModelApprovalStatus: 'PendingManualApproval' }]);
  const ModelPackageArn = packages[0]?.ModelPackageArn ?? '';
  const described = await sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }));
  t.equal(described.CustomerMetadataProperties?.['endpoint'], 'rain-r1');
  t.ok(Number(described.CustomerMetadataProperties?.['heldOutBrier']) < 0.2, 'it learned the summer');
  for (const each of [region, 'eu-west-1']) {
    const { body, contentType } = seasonSample(randomStream(2, 'check'), 'summer');
    const stats = simulator.stats().regions[each];
    t.ok(stats?.endpoints['rain-r1'], `${each} hosts it`);
    t.ok(body.length > 0 && contentType === 'application/json');
  }
  await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  const told = simulator
    .events(region)
    .filter(({ detailType }) => detailType === 'SageMaker Model Package State Change');
  t.match(
    told.map(({ detail }) => detail),
    [{ ModelApprovalStatus: 'PendingManualApproval' }, { ModelApprovalStatus: 'Approved', ModelPackageVersion: 1 }],
  );
});

test('an execution fails with its reason, or is stopped', async t => {
  const { simulator, sagemaker } = await started(t);
  putSummer(simulator.objects(region), bucket, 10);
  const { PipelineExecutionArn } = await sagemaker.send(start);
  const describe = () => sagemaker.send(new DescribePipelineExecutionCommand({ PipelineExecutionArn }));
  await eventually(t, 'it fails', async () => (await describe()).PipelineExecutionStatus === 'Failed');
  t.match((await describe()).FailureReason, /Step Train failed: 10 labelled examples .* at least 50/);
  await t.rejects(
    sagemaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn, ClientRequestToken: 's'.repeat(32) })),
    { name: 'ConflictException' },
  );
  await t.rejects(
    sagemaker.send(new StartPipelineExecutionCommand({ PipelineName: 'none', ClientRequestToken: token })),
    {
      name: 'ResourceNotFound',
    },
  );
  const { PipelineExecutionSummaries } = await sagemaker.send(
    new ListPipelineExecutionsCommand({ PipelineName: 'rain-retrain' }),
  );
  t.equal(PipelineExecutionSummaries?.length, 1);
});

test('an endpoint that is updated in place is another build under the same name', async t => {
  const { simulator, sagemaker } = await started(t);
  const describe = () => sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'rain-v1' }));
  const image = async () => (await describe()).ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage;
  const before = await image();
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'rain-v1', EndpointConfigName: 'rain-v2' }));
  await eventually(
    t,
    'the new build serves',
    async () => (await describe()).EndpointStatus === 'InService' && (await image()) !== before,
  );
  t.equal((await describe()).EndpointConfigName, 'rain-v2');
  t.match(
    simulator.events(region).map(({ detail }) => detail),
    [{ EndpointStatus: 'Updating' }, { EndpointStatus: 'InService', EndpointName: 'rain-v1' }],
  );
});

test('EventBridge tells which entries failed, and hands events to subscribers until they take them', async t => {
  const { simulator, events } = await started(t);
  const heard: { secret: unknown; event: Record<string, unknown> }[] = [];
  let refusals = 1;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', chunk => {
      text += chunk;
    });
    request.on('end', () => {
      if (refusals-- > 0) return response.writeHead(503).end();
      heard.push({ secret: request.headers['x-secret'], event: JSON.parse(text) });
      return response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  simulator.subscriptions.add({ url, headers: { 'x-secret': 'shh' } });
  const entry = { Source: 'meridian', DetailType: 'Drift confirmed', Detail: '{"model":"rain"}' };
  const answer = await events.send(new PutEventsCommand({ Entries: [entry, { ...entry, Detail: 'no json' }] }));
  t.equal(answer.FailedEntryCount, 1);
  t.match(answer.Entries, [{ EventId: /-/ }, { ErrorCode: 'MalformedDetail' }]);
  await eventually(t, 'it is heard', () => heard.length > 0);
  t.match(heard[0], {
    secret: 'shh',
    event: { source: 'meridian', 'detail-type': 'Drift confirmed', region, detail: { model: 'rain' } },
  });
});
