import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

/** A container that answers with the status its input names. */
const moody: ModelContainer = {
  predict: ({ body }) => ({
    status: Number(String(body)) || 200,
    contentType: 'text/plain',
    body: Buffer.from('said so'),
  }),
};
const ordered = { policy: 'ordered', warmShare: 0 };
const containers = { ...echoContainers, 'rain-v1': moody };

test('a model’s 4xx is the caller’s: passed on as it is, no other region is asked, nobody is ejected', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } }, { simulator: { containers } });
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  t.teardown(() => client.destroy());
  for (let call = 0; call < 8; call += 1) {
    await t.rejects(client.send(new InvokeEndpointCommand({ EndpointName: 'rain', Body: Buffer.from('422') })), {
      name: 'ModelError',
      OriginalStatusCode: 422,
      OriginalMessage: 'said so',
      $metadata: { httpStatusCode: 424, attempts: 1 },
    });
  }
  t.ok(gateway.app.parts.health.describeAll().every(({ health }) => health.breaker === 'closed'));
});

test('a model’s 5xx is the backend’s: the next region answers', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } }, { simulator: { containers } });
  const answer = await gateway.call('rain', { body: '500' });
  t.equal(answer.status, 503, 'here every region has the same model');
  t.equal(answer.headers.get('x-meridian-attempts')?.split(',').length, 4, 'all were asked');
});

test('what identifies the account stays inside', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } }, { simulator: { containers } });
  const answer = await gateway.call('rain', { body: '422' });
  t.equal(answer.status, 424);
  t.notMatch(answer.text + JSON.stringify([...answer.headers]), /123456789012|arn:aws|console\.aws|rain-v1/);
});

test('the gateway’s own wrong credentials in one region never reach the caller', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1', 'us-west-2'], { routing: ordered }) },
  });
  const { regions } = gateway.resolve({}).config;
  const broken = {
    ...regions,
    'us-east-1': { ...regions['us-east-1'], credentials: { accessKeyId: 'demo', secretAccessKey: 'wrong' } },
  };
  await gateway.app.reload(gateway.resolve({ regions: broken }));
  const answers = [];
  for (let call = 0; call < 10; call += 1) answers.push(await gateway.call('rain'));
  t.ok(answers.every(answer => answer.status === 200 && answer.headers.get('x-meridian-region') === 'us-west-2'));
  t.equal(
    answers[0]?.headers.get('x-meridian-attempts'),
    'v1@us-east-1/realtime:misconfigured,v1@us-west-2/realtime:ok',
  );
  const state = gateway.app.parts.health.describeAll().find(({ target }) => target.region === 'us-east-1');
  t.equal(state?.health.reason, 'misconfigured');
  t.match(
    gateway.log.find(line => line['message'] === 'target misconfigured'),
    { mend: /\w/ },
  );
});

test('an endpoint that is not there is the gateway’s mistake, not the caller’s', async t => {
  const targets = [...targetsIn(['us-east-1'], 'no-such-endpoint'), ...targetsIn(['us-west-2'])];
  const gateway = await startTestGateway(t, {
    models: { rain: { routing: ordered, versions: { v1: { targets } } } },
  });
  const answer = await gateway.call('rain');
  t.match([answer.status, answer.headers.get('x-meridian-attempts')], [200, /misconfigured,.*ok/]);
});

test('a caller who leaves cancels the upstream call and hurts nobody', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  for (let call = 0; call < 8; call += 1) {
    const leaving = new AbortController();
    const answer = gateway.call('rain', { signal: leaving.signal });
    const inFlight = () => gateway.app.parts.health.describeAll()[0]?.health.inFlight;
    await eventually(t, 'the call is upstream', () => inFlight() === 1);
    leaving.abort();
    await t.rejects(answer, { name: 'AbortError' });
    await eventually(t, 'the upstream call is cancelled', () => inFlight() === 0);
  }
  t.equal(gateway.app.parts.health.describeAll()[0]?.health.breaker, 'closed');
  await eventually(t, 'logged as the caller’s leaving', () =>
    gateway.log.some(line => line['error'] === 'client-closed'),
  );
});

test('a call that must not run twice moves on only when no byte was sent or no work was done', async t => {
  const once = { idempotent: false, routing: ordered };
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1', 'us-west-2'], once) } });
  const { faults } = gateway.simulator;
  const attemptsUnder = async (fault: { kind: 'error' | 'throttle' | 'reset'; errorType?: string }) => {
    await faults.clear();
    await faults.add({ region: 'us-east-1', ...fault });
    const answer = await gateway.call('rain');
    return [answer.status, answer.headers.get('x-meridian-attempts')?.split(',').length];
  };
  t.same(await attemptsUnder({ kind: 'throttle' }), [200, 2], 'a throttled call did nothing');
  t.same(await attemptsUnder({ kind: 'error', errorType: 'InternalFailure' }), [503, 1], 'it may have run');
  t.same(await attemptsUnder({ kind: 'reset' }), [503, 1], 'it did run');
});

test('the deadline holds, and one too short for the target does not count against it', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  for (let call = 0; call < 8; call += 1) {
    const answer = await gateway.call('rain', { headers: { 'x-meridian-timeout-ms': '40' } });
    t.match([answer.status, answer.headers.get('x-meridian-attempts')], [503, 'v1@us-east-1/realtime:timeout']);
  }
  t.equal(gateway.app.parts.health.describeAll()[0]?.health.breaker, 'closed');
});
