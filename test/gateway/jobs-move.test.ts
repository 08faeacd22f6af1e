import { type Test, test } from 'tap';
import type { FleetEndpoint } from '../../sim/fleet.ts';
import { eventually } from '../helpers/eventually.ts';
import { regionNames, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { asyncModel, jobKeys, jobsClient, jobsConfig } from '../helpers/jobs.ts';

const held = { region: 'us-east-1', kind: 'async-stall' };

async function waitsInVirginia(t: Test, gateway: TestGateway): Promise<string> {
  await gateway.simulator.faults.add(held);
  const { id } = await jobsClient(gateway).create('payload');
  const job = await jobsClient(gateway).until(t, id, 'running');
  t.equal(job.region, 'us-east-1');
  return id;
}

test('a job whose region is evacuated runs elsewhere, under the same inference id', async t => {
  const models = {
    rain: asyncModel(),
    quick: { versions: { v1: { targets: [...targetsIn(regionNames), ...targetsIn(regionNames, 'rain-v2')] } } },
  };
  const gateway = await startTestGateway(t, { models, jobs: jobsConfig() });
  const id = await waitsInVirginia(t, gateway);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'refuse' });
  await eventually(t, 'us-east-1 is evacuated', async () => {
    await gateway.call('quick', { headers: { 'x-meridian-region': 'us-east-1', 'x-meridian-fallback': 'none' } });
    await gateway.call('quick', { headers: { 'x-meridian-region': 'us-west-2' } });
    return gateway.app.parts.health.regions().get('us-east-1') === 'evacuated';
  });
  const job = await jobsClient(gateway).until(t, id, 'completed');
  t.match(job, {
    region: 'us-west-2',
    inferenceId: id,
    attempts: [{ region: 'us-east-1', givenUp: 'us-east-1 was evacuated' }, { region: 'us-west-2' }],
  });
  t.equal(await (await jobsClient(gateway).result(id)).text(), 'payload');
});

test('a job that is late is tried elsewhere; the late result of the first region changes nothing', async t => {
  const jobs = jobsConfig(undefined, { resubmitAfterMs: 300 });
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() }, jobs });
  const id = await waitsInVirginia(t, gateway);
  const job = await jobsClient(gateway).until(t, id, 'completed');
  t.equal(job.region, 'us-west-2');
  await gateway.simulator.faults.clear();
  const objects = gateway.simulator.objects('us-east-1');
  await eventually(
    t,
    'the first region answers too',
    () => objects.list('meridian-jobs-us-east-1', 'outputs/').length > 0,
  );
  t.match(await jobsClient(gateway).look(id), { state: 'completed', region: 'us-west-2' });
});

test('a result of a region that was given up counts while nobody else has one', async t => {
  const jobs = jobsConfig(undefined, { resubmitAfterMs: 300, maxResubmissions: 1 });
  const gateway = await startTestGateway(t, { models: { rain: asyncModel() }, jobs });
  const away = await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'async-stall' });
  const id = await waitsInVirginia(t, gateway);
  await eventually(t, 'tried again', async () => (await jobsClient(gateway).look(id)).attempts.length === 2);
  for (const { id: fault } of gateway.simulator.faults.list())
    if (fault !== away) await gateway.simulator.faults.remove(fault);
  const job = await jobsClient(gateway).until(t, id, 'completed');
  t.equal(job.region, 'us-east-1');
});

const poison: FleetEndpoint = {
  kind: 'async',
  name: 'rain-batch',
  container: 'poison',
  outputs: 's3://meridian-jobs-{region}/outputs',
};

test('an input that breaks every model stops after two resubmissions', async t => {
  let calls = 0;
  const predict = () => {
    calls += 1;
    return { status: 500, contentType: 'text/plain', body: Buffer.from('out of memory') };
  };
  const gateway = await startTestGateway(
    t,
    { models: { rain: asyncModel() }, jobs: jobsConfig() },
    { simulator: { containers: { poison: { predict } }, endpoints: [poison] } },
  );
  const { id } = await jobsClient(gateway).create('poison');
  const job = await jobsClient(gateway).until(t, id, 'failed');
  t.same(
    job.attempts.map(({ region }) => region),
    ['us-east-1', 'us-west-2', 'eu-west-1'],
  );
  t.match(job.detail, /server error \(500\).*out of memory/);
  t.equal(calls, 3);
});

test('with one copy a job waits for its region, and says so', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: asyncModel(['eu-west-1']) },
    jobs: jobsConfig(['eu-west-1'], { inputCopies: 1 }),
  });
  await gateway.app.parts.health.drain({ region: 'eu-west-1' }, { by: 'test', reason: 'test' });
  const { id, copies } = await jobsClient(gateway).create('x');
  t.same(copies, ['eu-west-1']);
  await eventually(t, 'it says why it waits', async () => (await jobsClient(gateway).look(id)).detail !== undefined);
  t.match(await jobsClient(gateway).look(id), { state: 'queued', detail: /waits for eu-west-1/ });
  await gateway.app.parts.health.undrain({ region: 'eu-west-1' });
  await jobsClient(gateway).until(t, id, 'completed');
});

test('no copy, submission or resubmission leaves the residency a job is bound to', async t => {
  const gateway = await startTestGateway(t, {
    models: {
      rain: asyncModel(regionNames, { routing: { policy: 'ordered', warmShare: 0, residency: ['us', 'eu'] } }),
    },
    jobs: jobsConfig(undefined, { resubmitAfterMs: 200 }),
  });
  const client = jobsClient(gateway);
  await gateway.simulator.faults.add({ region: 'eu-west-1', kind: 'async-stall' });
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'async-fail' });
  const eu = await client.create('european', { 'x-meridian-residency': 'eu' });
  const us = await client.create('american', { 'x-meridian-residency': 'us' });
  t.same(eu.copies, ['eu-west-1']);
  const given = await client.until(t, eu.id, 'failed');
  t.same(new Set(given.attempts.map(({ region }) => region)), new Set(['eu-west-1']));
  await client.until(t, us.id, 'completed');
  for (const region of regionNames) {
    const ids = new Set(jobKeys(gateway.simulator, region).map(key => key.split('/')[2]));
    t.equal(ids.has(eu.id), region === 'eu-west-1', `the european job and ${region}`);
    t.equal(ids.has(us.id), region.startsWith('us-'), `the american job and ${region}`);
  }
  t.equal((await client.post('x', { 'x-meridian-residency': 'ap' })).status, 400, 'outside the model’s own bound');
});

test('submissions leave half of the retry budget to callers who wait', async t => {
  const gateway = await startTestGateway(t, {
    retryBudget: { ratio: 0, perSecond: 0.1 },
    jobs: jobsConfig(),
    models: { rain: asyncModel() },
  });
  const { budget } = gateway.app.parts;
  while (budget.takeRetry('sheddable')); // down to the half that is not theirs
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', endpoint: 'rain-batch' });
  const jobs = jobsClient(gateway);
  const { id } = await jobs.create('a payload');
  const shed = /meridian_calls_shed_total\{model="rain",priority="sheddable",why="retries"\} [1-9]/;
  const page = async () => (await fetch(`${gateway.urls.admin}/metrics`)).text();
  await eventually(t, 'a retry was left to others', async () => shed.test(await page()));
  await gateway.simulator.faults.clear();
  await jobs.until(t, id, 'completed');
});
