import { type Test, test } from 'tap';
import { startTestGateway, targetsIn } from '../helpers/gateway.ts';

const [east, west] = ['us-east-1', 'us-west-2'];
const targets = [...targetsIn([east]), ...targetsIn([east], 'rain-v2'), ...targetsIn([east], 'rain-v3')];

/** A gateway whose first three targets are in one region, and the last in another. */
function startGateway(t: Test) {
  const versions = { v1: { targets: [...targets, ...targetsIn([west])] } };
  return startTestGateway(t, { models: { rain: { routing: { policy: 'ordered', warmShare: 0 }, versions } } });
}

test('a call that found a region silent tries another one before that region’s other targets', async t => {
  const gateway = await startGateway(t);
  await gateway.simulator.faults.add({ region: east, kind: 'refuse' });
  const answer = await gateway.call('rain');
  t.equal(answer.status, 200);
  t.match(answer.headers.get('x-meridian-attempts'), /^v1@us-east-1\/realtime:unreachable,v1@us-west-2\/realtime:ok$/);
});

test('the others of that region are tried all the same when nothing else answers', async t => {
  const gateway = await startGateway(t);
  await gateway.simulator.faults.add({ region: east, kind: 'refuse' });
  await gateway.simulator.faults.add({ region: west, kind: 'error' });
  const answer = await gateway.call('rain');
  t.equal(answer.status, 503);
  const trail = answer.headers.get('x-meridian-attempts')?.split(',');
  t.same(
    trail?.map(made => made.replace(/^.*@(.*)\/.*:/, '$1 ')),
    [`${east} unreachable`, `${west} backend-fault`, `${east} unreachable`, `${east} unreachable`],
  );
});

test('a region found silent by one version comes last in the next one too', async t => {
  const v2 = { weight: 0.001, targets: [...targetsIn([east], 'rain-v2'), ...targetsIn([west], 'rain-v2')] };
  const versions = { v1: { weight: 100, targets: targetsIn([east]) }, v2 };
  const gateway = await startTestGateway(t, {
    models: { rain: { routing: { policy: 'ordered', warmShare: 0 }, versions } },
  });
  await gateway.simulator.faults.add({ region: east, kind: 'refuse' });
  const answer = await gateway.call('rain');
  t.equal(answer.headers.get('x-meridian-attempts'), 'v1@us-east-1/realtime:unreachable,v2@us-west-2/realtime:ok');
});

test('a target that answers with an error says nothing of its region: the order stays', async t => {
  const gateway = await startGateway(t);
  await gateway.simulator.faults.add({ region: east, kind: 'error', endpoint: 'rain-v1' });
  const answer = await gateway.call('rain');
  t.match(answer.headers.get('x-meridian-attempts'), /:backend-fault,v1@us-east-1\/.*:ok$/);
});
