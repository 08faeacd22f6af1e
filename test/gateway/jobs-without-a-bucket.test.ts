import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { asyncModel, jobKeys, jobsClient, jobsConfig } from '../helpers/jobs.ts';

const regions = ['us-east-1', 'us-west-2'];
/** The bucket cannot be used, the endpoint beside it can. */
const fault = { region: 'us-east-1', kind: 's3-error', errorType: 'AccessDenied' };

test('a job that runs where the bucket fails is finished elsewhere', async t => {
  const jobs = jobsConfig(regions, { resubmitAfterMs: 300 });
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(regions) }, jobs });
  const client = jobsClient(gateway);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'async-stall' });
  const { id } = await client.create('payload');
  t.match(await client.until(t, id, 'running'), { region: 'us-east-1' });
  await gateway.simulator.faults.add(fault);
  t.match(await client.until(t, id, 'completed'), { region: 'us-west-2' });
  t.equal(await (await client.result(id)).text(), 'payload');
});

test('a job that waits while its first bucket fails is handed over all the same', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(regions) }, jobs: jobsConfig(regions) });
  const client = jobsClient(gateway);
  for (const region of regions) await gateway.simulator.faults.add({ region, kind: 'error', endpoint: 'rain-batch' });
  const { id } = await client.create('payload');
  await eventually(t, 'it waits', async () => (await client.look(id)).detail !== undefined);
  await gateway.simulator.faults.clear();
  await gateway.simulator.faults.add(fault);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', endpoint: 'rain-batch' });
  t.match(await client.until(t, id, 'completed'), { region: 'us-west-2' });
});

test('a result whose bucket fails is asked for later, and removed once the bucket is back', async t => {
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(regions) }, jobs: jobsConfig(regions) });
  const client = jobsClient(gateway);
  const kept = await client.create('kept');
  const removed = await client.create('removed');
  for (const { id } of [kept, removed]) t.match(await client.until(t, id, 'completed'), { region: 'us-east-1' });
  await gateway.simulator.faults.add(fault);
  const response = await client.result(kept.id);
  t.equal(response.status, 503);
  t.ok(response.headers.get('retry-after'));
  t.equal((await client.remove(removed.id)).status, 204);
  t.equal((await client.result(removed.id)).status, 404);
  t.equal((await client.remove(removed.id)).status, 404, 'once is enough');
  await gateway.simulator.faults.clear();
  t.equal(await (await client.result(kept.id)).text(), 'kept');
  t.ok(
    jobKeys(gateway.simulator, 'us-east-1').some(key => key.includes(removed.id)),
    'what could not be removed',
  );
});

test('a job that is cancelled while a bucket fails stays cancelled', async t => {
  const jobs = jobsConfig(regions, { resubmitAfterMs: 300 });
  const gateway = await startTestGateway(t, { models: { rain: asyncModel(regions) }, jobs });
  const client = jobsClient(gateway);
  const stall = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'async-stall' });
  const { id } = await client.create('payload');
  await client.until(t, id, 'running');
  const broken = await gateway.simulator.faults.add(fault);
  t.match(await (await client.remove(id)).json(), { state: 'cancelled' });
  await gateway.simulator.faults.remove(broken);
  await gateway.simulator.faults.remove(stall);
  t.match(await client.look(id), { state: 'cancelled', attempts: [{ region: 'us-east-1' }] });
  t.equal((await client.result(id)).status, 409);
  t.equal((await client.remove(id)).status, 204);
  t.equal((await client.remove(id)).status, 404);
  for (const region of regions) t.same(jobKeys(gateway.simulator, region, '/input'), [], region);
});
