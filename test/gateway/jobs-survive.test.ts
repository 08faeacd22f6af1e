import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, startTestGateway } from '../helpers/gateway.ts';
import { processConfig, startGatewayProcess } from '../helpers/gateway-process.ts';
import { asyncModel, bucketIn, jobKeys, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

const regions = ['us-east-1', 'us-west-2'];

function configOf(simulator: Simulator, dir: string): ConfigData {
  return processConfig(simulator, dir, regions, { models: { rain: asyncModel(regions) }, jobs: jobsConfig(regions) });
}

test('a gateway killed with a thousand jobs in flight loses none', { timeout: 120_000 }, async t => {
  const simulator = await startTestSimulator(t);
  const dir = stateDir(t);
  const stalls = await Promise.all(regions.map(region => simulator.faults.add({ region, kind: 'async-stall' })));
  const first = await startGatewayProcess(t, dir, configOf(simulator, dir));
  const ids: string[] = [];
  const client = jobsClient(first);
  const post = async (count: number) => {
    for (let made = 0; made < count; made += 1) ids.push((await client.create(`payload ${made}`)).id);
  };
  await Promise.all(Array.from({ length: 20 }, () => post(50)));
  t.equal(new Set(ids).size, 1_000, 'accepted');
  await first.kill();
  for (const stall of stalls) await simulator.faults.remove(stall);
  const second = await startGatewayProcess(t, dir, configOf(simulator, dir));
  const after = jobsClient(second);
  const open = new Set(ids);
  await eventually(t, 'every job completes', async () => {
    for (const id of [...open].slice(0, 50)) if ((await after.look(id)).state === 'completed') open.delete(id);
    return open.size === 0;
  });
  t.equal(await (await after.result(ids[0] ?? '')).text(), 'payload 0');
});

test('an index that is lost is made anew from the buckets', async t => {
  const simulator = await startTestSimulator(t);
  const dir = stateDir(t);
  const config = configOf(simulator, dir);
  const first = await startTestGateway(t, config, { running: simulator });
  const client = jobsClient(first);
  const done = await client.create('done');
  await client.until(t, done.id, 'completed');
  const stalls = await Promise.all(regions.map(region => simulator.faults.add({ region, kind: 'async-stall' })));
  const open = await client.create('open');
  await client.until(t, open.id, 'running');
  await first.app.shutdown();
  rmSync(join(dir, 'state'), { recursive: true });
  for (const stall of stalls) await simulator.faults.remove(stall);

  const second = await startTestGateway(t, config, { running: simulator });
  const finished = await jobsClient(second).until(t, open.id, 'completed');
  t.equal(finished.attempts.length, 1, 'it was followed, not started again');
  t.match(await jobsClient(second).look(done.id), { state: 'completed', attempts: [{}] });
  t.equal(await (await jobsClient(second).result(done.id)).text(), 'done');
  t.ok(second.log.some(line => /were not this replica/.test(String(line['message']))));
});

test('a replica that never heard of a job finds it in the buckets', async t => {
  const simulator = await startTestSimulator(t);
  const first = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  const second = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  const { id } = await jobsClient(first).create('x');
  await jobsClient(first).until(t, id, 'completed');
  await jobsClient(second).until(t, id, 'completed');
  t.equal(
    simulator.objects('us-east-1').list(bucketIn('us-east-1'), 'outputs/').length,
    1,
    'and runs it no second time',
  );
});

test('a job is found while one of its regions is gone, and not called unknown while it may be there', async t => {
  const simulator = await startTestSimulator(t);
  const first = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  const { id } = await jobsClient(first).create('x');
  await jobsClient(first).until(t, id, 'completed');
  const second = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  await simulator.faults.add({ region: 'us-east-1', kind: 'refuse' });
  t.match(await jobsClient(second).look(id), { id });
  t.equal((await jobsClient(second).result(id)).status, 503, 'the result is in the other region');
  const unknown = id.replace(/^./, digit => (digit === '0' ? '1' : '0'));
  t.equal((await jobsClient(second).result(unknown)).status, 503);
  await simulator.faults.clear();
  t.equal((await jobsClient(second).result(unknown)).status, 404);
});

test('another replica cancels a job it does not work on', async t => {
  const simulator = await startTestSimulator(t);
  const first = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  const second = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  await Promise.all(regions.map(region => simulator.faults.add({ region, kind: 'async-stall' })));
  const { id } = await jobsClient(first).create('x');
  await jobsClient(first).until(t, id, 'running');
  t.match(await (await jobsClient(second).remove(id)).json(), { state: 'cancelled' });
  await jobsClient(first).until(t, id, 'cancelled');
});

test('the jobs of a replica that is gone are taken over', async t => {
  const simulator = await startTestSimulator(t);
  const first = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  const stalls = await Promise.all(regions.map(region => simulator.faults.add({ region, kind: 'async-stall' })));
  const { id } = await jobsClient(first).create('x');
  await jobsClient(first).until(t, id, 'running');
  await first.app.shutdown();
  for (const stall of stalls) await simulator.faults.remove(stall);
  const early = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  await eventually(t, 'it has looked', () => replicasIn(simulator).length === 2);
  t.match(await jobsClient(early).look(id), { state: 'running' }, 'not while its replica may come back');
  for (const [key] of replicasIn(simulator))
    for (const region of regions) simulator.objects(region).delete(bucketIn(region), key);
  const late = await startTestGateway(t, configOf(simulator, stateDir(t)), { running: simulator });
  await jobsClient(late).until(t, id, 'completed');
});

function replicasIn(simulator: Simulator) {
  return simulator.objects('us-east-1').list(bucketIn('us-east-1'), 'meridian/jobs/replicas/');
}

test('finished jobs are removed after their retention, wholly', async t => {
  const simulator = await startTestSimulator(t);
  const config = configOf(simulator, stateDir(t));
  const first = await startTestGateway(t, config, { running: simulator });
  const { id } = await jobsClient(first).create('x');
  await jobsClient(first).until(t, id, 'completed');
  await first.app.shutdown();
  const jobs = jobsConfig(regions, { retentionHours: 0.000_001 });
  const second = await startTestGateway(t, { ...config, jobs }, { running: simulator });
  await eventually(t, 'nothing is left', () => regions.every(region => jobKeys(simulator, region).length === 0));
  t.equal((await fetch(`${second.urls.data}/v1/jobs/${id}`)).status, 404);
});
