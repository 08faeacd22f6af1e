import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { test } from 'tap';
import { sagemakerClient } from '../helpers/aws-clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';
import { startUpstream } from '../helpers/upstream.ts';

test('another build behind the same endpoint: its estimates begin anew, its cached answers are gone', async t => {
  const running = await startTestSimulator(t);
  const state = { configName: 'rain-1', status: 'InService' };
  const control = await startUpstream(t, response => {
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(
      JSON.stringify({
        EndpointName: 'rain-v1',
        EndpointConfigName: state.configName,
        EndpointStatus: state.status,
        LastModifiedTime: 1_760_000_000.5,
        ProductionVariants: [
          { VariantName: 'main', DeployedImages: [{ ResolvedImage: 'rain@sha256:aa' }], CurrentInstanceCount: 2 },
        ],
      }),
    );
  });
  const url = running.url('us-east-1');
  const places = { 'us-east-1': { endpoints: { sagemakerRuntime: url, sts: url, sagemaker: control.url } } };
  const models = { rain: simpleModel(['us-east-1'], { cache: { freshSeconds: 600 } }) };
  const gateway = await startTestGateway(t, { models, buildWatch: { everyMs: 10_000 } }, { running, places });
  await control.arrived(1);
  const [asked] = control.seen;
  t.match(asked?.headers, {
    'x-amz-target': 'SageMaker.DescribeEndpoint',
    authorization: /Credential=demo\/[0-9]{8}\/us-east-1\/sagemaker\/aws4_request/,
  });
  t.same(JSON.parse(String(asked?.body)), { EndpointName: 'rain-v1' });

  const cacheOf = async () => (await gateway.call('rain')).headers.get('x-meridian-cache');
  t.same([await cacheOf(), await cacheOf()], ['miss', 'hit']);
  const { builds, parts } = gateway.app;
  const [target] = parts.config().targets;
  if (target === undefined) throw new Error('no target');
  builds.told('rain-v1', 'us-east-1', 'InService at noon');
  await control.arrived(2);
  t.equal(await cacheOf(), 'hit', 'the same build as before');
  t.equal(parts.router.estimate(target).samples, 1);

  state.status = 'Updating';
  builds.told('rain-v1', 'us-east-1', 'Updating');
  await control.arrived(3);
  Object.assign(state, { configName: 'rain-2', status: 'InService' });
  builds.told('rain-v1', 'us-east-1', 'InService at one');
  await eventually(t, 'it is forgotten', () => parts.router.estimate(target).samples === 0);
  t.equal(await cacheOf(), 'miss');
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, /meridian_builds_changed_total\{model="rain",version="v1",region="us-east-1",target=".*"\} 1/);
  const told = gateway.log.filter(({ message }) => message === 'new build behind an endpoint');
  t.match(told, [{ target: 'v1@us-east-1/realtime', detail: 'configuration rain-1 became rain-2' }]);
  t.equal(told.length, 1);
});

test('a control plane that is down is warned of once, and calls go on', async t => {
  const running = await startTestSimulator(t);
  const url = running.url('us-east-1');
  const control = await startUpstream(t, response => response.writeHead(400).end('{"__type":"AccessDeniedException"}'));
  const places = { 'us-east-1': { endpoints: { sagemakerRuntime: url, sts: url, sagemaker: control.url } } };
  const models = { rain: simpleModel(['us-east-1']) };
  const gateway = await startTestGateway(t, { models, buildWatch: {} }, { running, places });
  const warned = () => gateway.log.filter(({ message }) => String(message).includes('cannot be described'));
  await eventually(t, 'it is told', () => warned().length > 0);
  gateway.app.builds.told('rain-v1', 'us-east-1', 'InService');
  await control.arrived(2);
  t.equal((await gateway.call('rain')).status, 200);
  t.equal(warned().length, 1);
  const changed = () => gateway.log.some(({ message }) => message === 'new build behind an endpoint');
  await eventually(t, 'the event is believed', changed);
});

test('an endpoint that is updated in place under the gateway', async t => {
  const says = (word: string) => ({
    predict: () => ({ status: 200, contentType: 'text/plain', body: Buffer.from(word) }),
  });
  const containers = { ...echoContainers, 'rain-v1': says('old'), 'rain-v2': says('new') };
  const running = await startTestSimulator(t, { containers });
  const url = running.url('us-east-1');
  const places = { 'us-east-1': { endpoints: { sagemakerRuntime: url, sts: url, sagemaker: url } } };
  const models = { rain: simpleModel(['us-east-1'], { cache: { freshSeconds: 600 } }) };
  const gateway = await startTestGateway(t, { models, buildWatch: { everyMs: 10_000 } }, { running, places });
  const { builds } = gateway.app;
  builds.told('rain-v1', 'us-east-1', 'before');
  const told = () => gateway.log.filter(({ message }) => message === 'new build behind an endpoint');
  t.equal((await gateway.call('rain')).text, 'old');
  const update = new UpdateEndpointCommand({ EndpointName: 'rain-v1', EndpointConfigName: 'rain-v2' });
  await sagemakerClient(t, running).send(update);
  let events = 0;
  await eventually(t, 'the new build is noticed', () => {
    events += 1;
    builds.told('rain-v1', 'us-east-1', `event ${events}`);
    return told().length > 0;
  });
  t.equal((await gateway.call('rain')).text, 'new', 'no answer of the old build is left');
  t.equal(told().length, 1);
});
