import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { test } from 'tap';
import { sagemakerTransforms } from '../../src/backends/sagemaker-transforms.ts';
import { TransformPlaneError, type TransformStart } from '../../src/backends/transform-plane.ts';
import { systemClock } from '../../src/core/clock.ts';
import { failure } from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const start: TransformStart = {
  jobName: 'one',
  modelName: 'rain-batch-v2',
  input: 's3://meridian-jobs-us-east-1/days/',
  contentType: 'text/csv',
  split: 'line',
  together: true,
  maxPayloadMb: 6,
  maxConcurrent: undefined,
  output: 's3://meridian-jobs-us-east-1/out/',
  accept: undefined,
  instance: 'ml.m5.large',
  count: 1,
};

const keys = () => ({ accessKeyId: 'demo', secretAccessKey: 'demo' });
const refusal = (code: string, unsure: boolean) => ({ constructor: TransformPlaneError, code, unsure });

test('creating twice under one name makes one transform; asking and stopping what is not there is no error', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'transform-stall' });
  const siteOf = (region: string) => ({ url: simulator.url(region), identity: 'i' });
  const plane = sagemakerTransforms({ siteOf, credentialsOf: keys, lookup: systemLookup, clock: systemClock });
  t.teardown(plane.stopClients);
  simulator.objects('us-east-1').put('meridian-jobs-us-east-1', 'days/1.csv', Buffer.from('a'), {
    contentType: 'text/csv',
    metadata: {},
  });
  await plane.create('us-east-1', start);
  await plane.create('us-east-1', start);
  t.match(await plane.describe('us-east-1', 'one'), { status: 'InProgress' });
  t.equal(await plane.describe('us-east-1', 'nobody'), undefined);
  await plane.stop('us-east-1', 'nobody');
  await plane.stop('us-east-1', 'one');
  await plane.stop('us-east-1', 'one');
});

test('a refusal is told from silence, after which the call may have been carried out', async t => {
  const simulator = await startTestSimulator(t);
  const siteOf = (region: string) => ({ url: simulator.url(region), identity: 'i' });
  const plane = sagemakerTransforms({ siteOf, credentialsOf: keys, lookup: systemLookup, clock: systemClock });
  t.teardown(plane.stopClients);
  const create = (more: Partial<TransformStart> = {}) => failure(plane.create('us-east-1', { ...start, ...more }));
  t.match(await create({ modelName: 'nobody' }), refusal('ValidationException', false));
  for (const [errorType, unsure] of [
    ['ThrottlingException', false],
    ['AccessDeniedException', false],
    ['ServiceUnavailable', true],
  ] as const) {
    const fault = await simulator.faults.add({ region: 'us-east-1', kind: 'control-error', errorType });
    t.match(await create(), refusal(errorType, unsure));
    await simulator.faults.remove(fault);
  }
  const cut = await simulator.faults.add({ region: 'us-east-1', kind: 'control-cut' });
  t.match(await create(), { unsure: true }, 'its answer was cut off');
  await simulator.faults.remove(cut);
  await simulator.faults.add({ region: 'us-east-1', kind: 'refuse' });
  t.match(await create({ jobName: 'two' }), refusal('ECONNREFUSED', false));
});

test('without an override the SDK’s own endpoint rules say where a region is', async t => {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, _, done) => {
    asked.push(hostname);
    done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
  };
  const plane = sagemakerTransforms({
    siteOf: () => ({ url: undefined, identity: 'i' }),
    credentialsOf: keys,
    lookup,
    clock: systemClock,
  });
  t.teardown(plane.stopClients);
  for (const region of ['eu-west-1', 'cn-north-1']) {
    const error = await failure(plane.describe(region, 'one'));
    t.match(error, refusal('ENOTFOUND', false));
  }
  t.same([...new Set(asked)], ['api.sagemaker.eu-west-1.amazonaws.com', 'api.sagemaker.cn-north-1.amazonaws.com.cn']);
});
