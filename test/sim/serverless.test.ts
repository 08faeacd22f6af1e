import { ModelNotReadyException } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { failure, invoke, runtimeClient } from '../helpers/aws-clients.ts';
import { hostEndpoint, tally } from '../helpers/hosted-endpoint.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const spec = {
  kind: 'serverless',
  name: 'e',
  container: 'echo',
  modelMs: 10,
  maxConcurrency: 3,
  setupMs: 100,
  idleMs: 1_000,
} as const;

test('the first call waits for a cold start, the next finds a warm worker', async t => {
  const { call, advance } = hostEndpoint(spec);
  const first = call();
  await advance(109);
  t.equal(first.state, 'waiting');
  await advance(1);
  t.equal(first.state, 'ok');
  const second = call();
  await advance(10);
  t.equal(second.state, 'ok');
});

test('growth is a cold start too: a worker serves one call at a time', async t => {
  const { call, advance, endpoint } = hostEndpoint(spec);
  call();
  await advance(110);
  const [warm, cold] = [call(), call()];
  await advance(10);
  t.equal(warm.state, 'ok');
  t.equal(cold.state, 'waiting');
  await advance(100);
  t.equal(cold.state, 'ok');
  t.same(endpoint.state(), { workers: 2, busy: 0, coldStarts: 2 });
});

test('an idle worker expires, and a used one does not', async t => {
  const { call, advance, jump, endpoint } = hostEndpoint(spec);
  call();
  await advance(110);
  await jump(999);
  call();
  await advance(10);
  t.match(endpoint.state(), { workers: 1, coldStarts: 1 });
  await jump(1_000);
  t.match(endpoint.state(), { workers: 0 });
  const cold = call();
  await advance(10);
  t.equal(cold.state, 'waiting');
});

test('past MaxConcurrency calls are throttled', async t => {
  const { calls, advance } = hostEndpoint(spec);
  const all = calls(5);
  await advance(0);
  t.same(tally(all), { waiting: 3, ThrottlingException: 2 });
  await advance(110);
  t.same(tally(all), { ok: 3, ThrottlingException: 2 });
});

test('a set-up slower than the wait gives ModelNotReadyException, and is there for a later call', async t => {
  const { call, advance, endpoint } = hostEndpoint({ ...spec, setupWaitMs: 40 });
  const early = call();
  await advance(40);
  t.equal(early.state, 'ModelNotReadyException');
  t.match(endpoint.state(), { workers: 1, busy: 1 });
  await advance(60);
  const later = call();
  await advance(10);
  t.equal(later.state, 'ok');
  t.match(endpoint.state(), { coldStarts: 1 });
});

test('provisioned workers are warm from the start and never expire', async t => {
  const { calls, advance, jump } = hostEndpoint({ ...spec, provisionedConcurrency: 2 });
  await jump(1_000_000);
  const all = calls(3);
  await advance(10);
  t.same(tally(all), { ok: 2, waiting: 1 });
});

test('while nothing can be warmed, warm workers serve and cold calls get ModelNotReadyException', async t => {
  const { call, calls, advance, warm } = hostEndpoint(spec);
  call();
  await advance(110);
  warm.allowed = false;
  const during = calls(2);
  await advance(10);
  t.same(tally(during), { ok: 1, ModelNotReadyException: 1 });
});

test('the SDK sees ModelNotReadyException as 429', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', endpoint: 'rain-serverless', kind: 'no-cold-starts' });
  const error = await failure(invoke(runtimeClient(t, simulator), 'rain-serverless'));
  t.type(error, ModelNotReadyException);
  t.match(error['$metadata'], { httpStatusCode: 429 });
});
