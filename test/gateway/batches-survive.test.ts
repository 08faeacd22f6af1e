import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ListTransformJobsCommand } from '@aws-sdk/client-sagemaker';
import { test } from 'tap';
import { sagemakerClient } from '../helpers/aws-clients.ts';
import { batchesClient, batchesConfig, batchModel, objectAt, putDays } from '../helpers/batches.ts';
import { eventually } from '../helpers/eventually.ts';
import { processConfig, startGatewayProcess } from '../helpers/gateway-process.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

test('a batch outlives its gateway’s death and the loss of its index, and is not started again', async t => {
  const simulator = await startTestSimulator(t);
  const usdPerHour = { 'us-east-1': 1, 'us-west-2': 2 };
  const regions = Object.keys(usdPerHour);
  const dir = stateDir(t);
  const models = { rain: batchModel(usdPerHour) };
  const config = processConfig(simulator, dir, regions, { models, jobs: batchesConfig(regions) });
  putDays(simulator, regions, '1.csv', 'a\n');
  await simulator.faults.add({ region: 'us-east-1', kind: 'transform-stall' });
  const first = await startGatewayProcess(t, dir, config);
  const { id } = await batchesClient(first).create();
  await batchesClient(first).until(t, id, 'running');
  const record = `s3://meridian-jobs-us-east-1/meridian/jobs/batches/${id}/record.json`;
  await eventually(t, 'so its record says', () => objectAt(simulator, 'us-east-1', record).includes('"running"'));
  await first.kill();
  rmSync(join(dir, 'state'), { recursive: true });

  const second = await startGatewayProcess(t, dir, config);
  t.match(await batchesClient(second).look(id), { state: 'running', region: 'us-east-1' });
  await simulator.faults.clear();
  t.match(await batchesClient(second).until(t, id, 'completed'), { region: 'us-east-1', progress: { outputs: 1 } });
  for (const [region, count] of [
    ['us-east-1', 1],
    ['us-west-2', 0],
  ] as const) {
    const listed = await sagemakerClient(t, simulator, region).send(new ListTransformJobsCommand({}));
    t.equal(listed.TransformJobSummaries?.length, count, `transforms in ${region}`);
  }
});
