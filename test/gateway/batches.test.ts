import { createHash } from 'node:crypto';
import { ListTransformJobsCommand } from '@aws-sdk/client-sagemaker';
import { test } from 'tap';
import { sagemakerClient } from '../helpers/aws-clients.ts';
import { batchesClient, batchesConfig, batchModel, inputs, objectAt, putDays } from '../helpers/batches.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { bucketIn, jobKeys } from '../helpers/jobs.ts';

const usdPerHour = { 'us-east-1': 3, 'eu-west-1': 1, 'us-west-2': 2 };
const regions = Object.keys(usdPerHour);
const config = { models: { rain: batchModel(usdPerHour) }, jobs: batchesConfig(regions) };

test('a batch runs in the cheapest region, and tells progress, cost and where its output is', async t => {
  const gateway = await startTestGateway(t, config);
  const { simulator } = gateway;
  putDays(simulator, regions, '1.csv', 'a,1\nb,2\n');
  putDays(simulator, regions, '2.csv', 'c,3\n');
  const client = batchesClient(gateway);
  const response = await client.post({ inputLocation: inputs, contentType: 'text/csv', accept: 'text/csv' });
  t.equal(response.status, 202);
  const { id } = (await response.json()) as { id: string };
  t.equal(response.headers.get('location'), `/v1/batches/${id}`);
  const done = await client.until(t, id, 'completed');
  t.match(done, {
    region: 'eu-west-1',
    version: 'v1',
    progress: { inputs: 2, outputs: 2 },
    attempts: [{ region: 'eu-west-1' }],
  });
  t.type(done.costUsd, 'number');
  t.equal(done.outputLocation, `s3://${bucketIn('eu-west-1')}/meridian/jobs/batches/${id}/output/`);
  t.equal(objectAt(simulator, 'eu-west-1', `${done.outputLocation}1.csv.out`), 'a,1\nb,2\n');
  t.equal(objectAt(simulator, 'eu-west-1', `${done.outputLocation}2.csv.out`), 'c,3\n');
  const sagemaker = sagemakerClient(t, simulator, 'eu-west-1');
  const { TransformJobSummaries: made = [] } = await sagemaker.send(new ListTransformJobsCommand({}));
  t.match(made, [{ TransformJobName: `meridian-${id}-1` }], 'the SDK sees it in that region, named after the batch');

  t.equal((await client.remove(id)).status, 204);
  t.equal((await client.get(id)).status, 404);
  for (const region of regions)
    t.same(
      jobKeys(simulator, region).filter(key => key.includes(id)),
      [],
      `nothing is left in ${region}`,
    );
});

test('the next region runs it where a control plane fails, and residency is never crossed', async t => {
  const gateway = await startTestGateway(t, config);
  const { simulator } = gateway;
  putDays(simulator, regions, '1.csv', 'a\n');
  await simulator.faults.add({ region: 'eu-west-1', kind: 'control-error', errorType: 'ThrottlingException' });
  const client = batchesClient(gateway);
  const moved = await client.until(t, (await client.create()).id, 'completed');
  t.equal(moved.region, 'us-west-2');
  t.match(moved.attempts, [{ region: 'eu-west-1', failure: /ThrottlingException/ }, { region: 'us-west-2' }]);
  const bound = await client.post({ inputLocation: inputs, contentType: 'text/csv' }, { 'x-meridian-residency': 'eu' });
  const { id } = (await bound.json()) as { id: string };
  await eventually(t, 'it waits', async () =>
    /waits: eu-west-1: Throttling/.test((await client.look(id)).detail ?? ''),
  );
  await simulator.faults.clear();
  t.match(await client.until(t, id, 'completed'), { region: 'eu-west-1' });
});

test('a region that is drained is passed over', async t => {
  const gateway = await startTestGateway(t, config);
  putDays(gateway.simulator, regions, '1.csv', 'a\n');
  await fetch(`${gateway.urls.admin}/admin/drain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ region: 'eu-west-1', reason: 'maintenance' }),
  });
  const client = batchesClient(gateway);
  t.match(await client.until(t, (await client.create()).id, 'completed'), { region: 'us-west-2' });
});

test('a batch that fails for the region’s reasons is tried elsewhere, one that fails for its input is not', async t => {
  const gateway = await startTestGateway(t, config);
  const { simulator } = gateway;
  putDays(simulator, regions, '1.csv', 'a\n');
  await simulator.faults.add({ region: 'eu-west-1', kind: 'transform-fail', errorType: 'CapacityError' });
  const client = batchesClient(gateway);
  const moved = await client.until(t, (await client.create()).id, 'completed');
  t.match(moved.attempts, [{ region: 'eu-west-1', failure: /^CapacityError/ }, { region: 'us-west-2' }]);
  await simulator.faults.clear();
  await simulator.faults.add({ region: 'eu-west-1', kind: 'transform-fail', errorType: 'ClientError' });
  const failed = await client.until(t, (await client.create()).id, 'failed');
  t.match(failed, { detail: /^ClientError/, attempts: [{ region: 'eu-west-1' }] });
  t.equal(failed.attempts.length, 1);
});

test('a batch that every region fails is given up after as many tries as are allowed', async t => {
  const gateway = await startTestGateway(t, { ...config, jobs: batchesConfig(regions, { maxResubmissions: 1 }) });
  putDays(gateway.simulator, regions, '1.csv', 'a\n');
  for (const region of regions) await gateway.simulator.faults.add({ region, kind: 'transform-fail' });
  const client = batchesClient(gateway);
  const failed = await client.until(t, (await client.create()).id, 'failed');
  t.match(failed, { detail: /^InternalServerError/, attempts: [{ region: 'eu-west-1' }, { region: 'us-west-2' }] });
  t.equal(failed.attempts.length, 2);
});

test('a running batch is stopped in its region, and removed once that is over', async t => {
  const gateway = await startTestGateway(t, config);
  const { simulator } = gateway;
  putDays(simulator, regions, '1.csv', 'a\n');
  await simulator.faults.add({ region: 'eu-west-1', kind: 'transform-stall' });
  const client = batchesClient(gateway);
  const { id } = await client.create();
  await client.until(t, id, 'running');
  t.match(await (await client.remove(id)).json(), { state: 'stopping' });
  t.match(await client.until(t, id, 'cancelled'), { detail: 'stopped' });
  const sagemaker = sagemakerClient(t, simulator, 'eu-west-1');
  const { TransformJobSummaries: made = [] } = await sagemaker.send(new ListTransformJobsCommand({}));
  t.match(made, [{ TransformJobStatus: 'Stopped' }]);
  t.equal((await client.remove(id)).status, 204);
});

test('what a region may have created although it did not answer is stopped, and not paid for', async t => {
  const gateway = await startTestGateway(t, config);
  const { simulator } = gateway;
  putDays(simulator, regions, '1.csv', 'a\n');
  // Its answers are cut off: it is created, and the gateway never hears so.
  await simulator.faults.add({ region: 'eu-west-1', kind: 'control-cut' });
  await simulator.faults.add({ region: 'eu-west-1', kind: 'transform-stall' });
  const client = batchesClient(gateway);
  const { id } = await client.create();
  t.match(await client.until(t, id, 'completed'), { region: 'us-west-2' });
  await simulator.faults.clear();
  await simulator.faults.add({ region: 'eu-west-1', kind: 'transform-stall' });
  const sagemaker = sagemakerClient(t, simulator, 'eu-west-1');
  await eventually(t, 'it is stopped there', async () => {
    const { TransformJobSummaries: made = [] } = await sagemaker.send(new ListTransformJobsCommand({}));
    return made.length === 1 && made[0]?.TransformJobStatus === 'Stopped';
  });
});

test('batches are seen by their tenant only, and read and write only where it may', async t => {
  const key = (tenant: string) => ({ id: tenant, tenant, sha256: createHash('sha256').update(tenant).digest('hex') });
  const places = [
    { s3: 's3://meridian-jobs-eu-west-1/days/', region: 'eu-west-1', tenants: ['mine'] },
    { s3: 's3://meridian-jobs-eu-west-1/scores/', region: 'eu-west-1', tenants: ['mine'] },
  ];
  const auth = { keys: [key('mine'), key('theirs')] };
  const gateway = await startTestGateway(t, { ...config, auth, jobs: batchesConfig(regions, { places }) });
  putDays(gateway.simulator, regions, '1.csv', 'a\n');
  const mine = batchesClient(gateway, { 'x-api-key': 'mine' });
  const theirs = batchesClient(gateway, { 'x-api-key': 'theirs' });
  const { id } = await mine.create({ outputLocation: 's3://meridian-jobs-{region}/scores/' });
  const done = await mine.until(t, id, 'completed');
  t.equal(done.outputLocation, `s3://meridian-jobs-eu-west-1/scores/${id}/`);
  t.equal((await theirs.get(id)).status, 404);
  t.equal((await theirs.remove(id)).status, 404);
  const error = async (client: typeof mine, body: object) => {
    const response = await client.post({ contentType: 'text/csv', ...body });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  t.same(await error(theirs, { inputLocation: inputs }), [403, 'not-allowed']);
  t.same(await error(mine, { inputLocation: 's3://meridian-jobs-eu-west-1/other/' }), [403, 'not-allowed']);
  t.same(await error(mine, { inputLocation: inputs, outputLocation: 's3://elsewhere/x/' }), [403, 'not-allowed']);
  for (const inputLocation of [
    'https://meridian-jobs-eu-west-1.s3.amazonaws.com/days/',
    's3://meridian-jobs-eu-west-1/days/../other/',
    's3://meridian-jobs-eu-west-1/days//',
    7,
  ])
    t.same(await error(mine, { inputLocation }), [400, 'invalid-request'], String(inputLocation));
  t.same(await error(mine, { inputLocation: inputs, surprise: 1 }), [400, 'invalid-request']);
  t.equal((await mine.remove(id)).status, 204);
  t.ok(objectAt(gateway.simulator, 'eu-west-1', `${done.outputLocation}1.csv.out`), 'the caller’s own place is left');
});
