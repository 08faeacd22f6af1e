import { createHash } from 'node:crypto';
import { test } from 'tap';
import { startTestGateway } from '../helpers/gateway.ts';
import { asyncModel, bucketIn, jobKeys, jobsClient, jobsConfig } from '../helpers/jobs.ts';

test('a payload becomes a job whose input and record are in two regions, and a result', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() }, jobs: jobsConfig() });
  const { simulator } = gateway;
  const client = jobsClient(gateway);
  const response = await client.post('1,2,3', { 'x-amzn-sagemaker-custom-attributes': 'a=b' });
  t.equal(response.status, 202);
  const job = (await response.json()) as { id: string; copies: string[] };
  t.equal(response.headers.get('location'), `/v1/jobs/${job.id}`);
  t.match(job, { state: 'queued', model: 'rain', inputBytes: 5, copies: ['us-east-1', 'us-west-2'], attempts: [] });
  for (const region of job.copies) {
    t.ok(jobKeys(simulator, region, '/record.json').length === 1, `record in ${region}`);
    const input = simulator.objects(region).get(bucketIn(region), `meridian/jobs/${job.id}/input`);
    t.match(input, { contentType: 'text/csv', body: Buffer.from('1,2,3') });
  }
  const done = await client.until(t, job.id, 'completed');
  t.match(done, { region: 'us-east-1', attempts: [{ region: 'us-east-1', target: 'v1@us-east-1/async' }] });
  const result = await client.result(job.id);
  t.equal(result.status, 200);
  t.equal(result.headers.get('content-type'), 'text/csv');
  t.equal(await result.text(), '1,2,3');
});

test('what is removed is gone from every bucket', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() }, jobs: jobsConfig() });
  const client = jobsClient(gateway);
  const { id, copies } = await client.create('x');
  await client.until(t, id, 'completed');
  t.equal((await client.remove(id)).status, 204);
  t.equal((await fetch(`${gateway.urls.data}/v1/jobs/${id}`)).status, 404);
  for (const region of copies) t.same(jobKeys(gateway.simulator, region), [], `nothing is left in ${region}`);
});

test('a job that is not over is cancelled, and its late result changes nothing', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(['us-east-1']) }, jobs: jobsConfig() });
  const fault = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'async-stall' });
  const client = jobsClient(gateway);
  const { id } = await client.create('x');
  await client.until(t, id, 'running');
  t.equal((await client.result(id)).status, 409, 'there is no result yet');
  t.match(await (await client.remove(id)).json(), { state: 'cancelled' });
  t.same(jobKeys(gateway.simulator, 'us-east-1', '/input'), [], 'the input is gone at once');
  await gateway.simulator.faults.remove(fault);
  t.match(await client.look(id), { state: 'cancelled' });
});

test('jobs are seen by their tenant only', async t => {
  const key = (tenant: string) => ({ id: tenant, tenant, sha256: createHash('sha256').update(tenant).digest('hex') });
  const auth = { keys: [key('mine'), key('theirs')] };
  const gateway = await startTestGateway(t, { auth, models: { rain: asyncModel() }, jobs: jobsConfig() });
  const { id } = await jobsClient(gateway).create('x', { 'x-api-key': 'mine' });
  const status = async (tenant: string, path = '', method = 'GET') =>
    (await fetch(`${gateway.urls.data}/v1/jobs/${id}${path}`, { method, headers: { 'x-api-key': tenant } })).status;
  t.equal(await status('mine'), 200);
  for (const [path, method] of [
    ['', 'GET'],
    ['/result', 'GET'],
    ['', 'DELETE'],
  ])
    t.equal(await status('theirs', path, method), 404);
  t.equal(((await jobsClient(gateway).look(id)) as { error?: { code: string } }).error?.code, 'unauthenticated');
  t.equal((await jobsClient(gateway).post('x', { 'x-api-key': 'nobody' })).status, 403);
});

test('a model that refuses the input fails the job at once, with its words', async t => {
  const bad = { predict: () => ({ status: 400, contentType: 'text/plain', body: Buffer.from('no such day') }) };
  const gateway = await startTestGateway(
    t,
    { models: { rain: asyncModel() }, jobs: jobsConfig() },
    { simulator: { containers: { 'rain-batch': bad }, endpoints: [endpoint] } },
  );
  const client = jobsClient(gateway);
  const { id } = await client.create('x');
  const job = await client.until(t, id, 'failed');
  t.match(job.detail, /client error \(400\).*no such day/);
  t.equal(job.attempts.length, 1);
});

const endpoint = {
  kind: 'async',
  name: 'rain-batch',
  container: 'rain-batch',
  outputs: 's3://meridian-jobs-{region}/outputs',
} as const;
