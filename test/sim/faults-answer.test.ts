import {
  InternalDependencyException,
  InternalFailure,
  ModelError,
  ModelNotReadyException,
  ServiceUnavailable,
} from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { test } from 'tap';
import { failure, invoke, rawPost, runtimeClient, signedHeaders, stsClient } from '../helpers/aws-clients.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const region = 'us-east-1';
const ok = { $metadata: { httpStatusCode: 200 } };

test('error answers with the type asked for, as the SDK knows it', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  for (const [type, of, status] of [
    [undefined, InternalFailure, 500],
    ['ServiceUnavailable', ServiceUnavailable, 503],
    ['InternalDependencyException', InternalDependencyException, 530],
    ['ModelNotReadyException', ModelNotReadyException, 429],
    ['ModelError', ModelError, 424],
  ] as const) {
    const id = await simulator.faults.add({
      region,
      kind: 'error',
      ...(type === undefined ? {} : { errorType: type }),
    });
    const error = await failure(invoke(client, 'rain-v1'));
    t.type(error, of);
    t.match(error['$metadata'], { httpStatusCode: status });
    if (type === 'ModelError') t.equal(error['OriginalStatusCode'], 500);
    await simulator.faults.remove(id);
  }
  await simulator.faults.add({ region, kind: 'error', errorType: 'UnrecognizedClientException' });
  t.match(await failure(invoke(client, 'rain-v1')), {
    name: 'UnrecognizedClientException',
    $metadata: { httpStatusCode: 403 },
  });
});

test('a fault of one endpoint leaves the others and the other regions alone', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region, endpoint: 'rain-v1', kind: 'error' });
  t.match(await failure(invoke(runtimeClient(t, simulator), 'rain-v1')), { name: 'InternalFailure' });
  t.match(await invoke(runtimeClient(t, simulator), 'rain-v2'), ok);
  t.match(await invoke(runtimeClient(t, simulator, 'us-west-2'), 'rain-v1'), ok);
});

test('a rate hits that share of requests, the same ones for the same seed', async t => {
  const run = async () => {
    const simulator = await startTestSimulator(t, { seed: 5 });
    const client = runtimeClient(t, simulator);
    await simulator.faults.add({ region, kind: 'throttle', rate: 0.25 });
    let pattern = '';
    for (let i = 0; i < 200; i++) {
      pattern += await invoke(client, 'rain-v1').then(
        () => '.',
        (error: Error) => (error.name === 'ThrottlingException' ? 'T' : '?'),
      );
    }
    return pattern;
  };
  const pattern = await run();
  const hits = pattern.split('T').length - 1;
  // 200 draws at 25 %: mean 50, standard deviation 6; four of them either way, and the seed fixes the draws.
  t.ok(hits > 26 && hits < 74, pattern);
  t.notMatch(pattern, /\?/);
  t.equal(await run(), pattern);
});

test('slow multiplies the time a request takes', async t => {
  const elapsed = async (fault: Record<string, unknown> | undefined) => {
    const clock = manualClock(Date.now());
    const simulator = await startTestSimulator(t, { clock, latencyScale: 1 });
    if (fault !== undefined) await simulator.faults.add({ region, kind: 'slow', ...fault });
    const start = clock.now();
    let done = false;
    const call = invoke(runtimeClient(t, simulator), 'rain-v1').finally(() => {
      done = true;
    });
    while (!done) {
      if (clock.timers > 0) clock.advance(1);
      await new Promise(setImmediate);
    }
    await call;
    return clock.now() - start;
  };
  const normal = await elapsed(undefined);
  t.ok(normal > 40 && normal < 110, `${normal} ms around 65 + 6`);
  const tenfold = await elapsed({ factor: 10 });
  t.ok(Math.abs(tenfold / normal - 10) < 0.5, `${tenfold} ms against ${normal} ms`);
  const byDefault = await elapsed({ endpoint: 'rain-v1' });
  t.ok(Math.abs(byDefault / normal - 3) < 0.2, `${byDefault} ms against ${normal} ms`);
});

test('a flapping endpoint is unavailable for the first half of each period', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock });
  const client = runtimeClient(t, simulator);
  await simulator.faults.add({ region, endpoint: 'rain-v1', kind: 'flap', periodMs: 2_000 });
  for (const up of [false, true, false, true]) {
    const call = invoke(client, 'rain-v1');
    if (up) t.match(await call, ok);
    else t.match(await failure(call), { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } });
    t.match(await invoke(client, 'rain-v2'), ok);
    clock.advance(1_000);
  }
});

test("clock-skew moves the region's clock, its Date header and what it accepts", async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url(region);
  const path = '/endpoints/rain-v1/invocations';
  for (const [factor, minutes, says] of [
    [1, 10, 'Signature expired'],
    [-1, -10, 'Signature not yet current'],
  ] as const) {
    const id = await simulator.faults.add({ region, kind: 'clock-skew', factor });
    const answer = await rawPost(url, path, await signedHeaders(url, { path }));
    t.equal(answer.headers['x-amzn-errortype'], 'InvalidSignatureException');
    t.match(answer.body, says);
    const skewMs = Date.parse(answer.headers.date ?? '') - Date.now();
    t.ok(Math.abs(skewMs - minutes * 60_000) < 60_000);
    const corrected = await signedHeaders(url, { path, signedAt: new Date(Date.now() + skewMs) });
    t.equal((await rawPost(url, path, corrected)).status, 200);
    await simulator.faults.remove(id);
  }
});

test('sts-error and sts-hang stop STS and nothing else', async t => {
  const simulator = await startTestSimulator(t);
  const sts = stsClient(t, simulator);
  const assume = () =>
    new AssumeRoleCommand({
      RoleArn: 'arn:aws:iam::222222222222:role/meridian',
      RoleSessionName: 'test',
      ExternalId: 'meridian-demo',
    });
  await simulator.faults.add({ region, kind: 'sts-error' });
  t.match(await failure(sts.send(assume())), { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } });
  await simulator.faults.clear();
  await simulator.faults.add({ region, kind: 'sts-error', errorType: 'AccessDenied' });
  t.match(await failure(sts.send(assume())), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  await simulator.faults.clear();

  await simulator.faults.add({ region, kind: 'sts-hang' });
  const left = new AbortController();
  const hanging = failure(sts.send(assume(), { abortSignal: left.signal }));
  while (simulator.stats().regions[region]?.sts.inFlight !== 1) await new Promise(setImmediate);
  t.match(await invoke(runtimeClient(t, simulator), 'rain-v1'), ok);
  t.match(await stsClient(t, simulator, 'us-west-2').send(assume()), ok);
  t.equal(simulator.stats().regions[region]?.sts.inFlight, 1);
  left.abort();
  t.match(await hanging, { name: 'AbortError' });
});
