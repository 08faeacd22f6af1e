import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const role = {
  roleArn: 'arn:aws:iam::222222222222:role/meridian',
  externalId: 'meridian-demo',
  source: { accessKeyId: 'demo', secretAccessKey: 'demo' },
};
const rain = simpleModel(['us-east-1', 'us-west-2'], { routing: { policy: 'weighted' } });

for (const kind of ['sts-error', 'sts-hang'] as const) {
  test(`${kind} in a region: its role is assumed through another region’s STS`, async t => {
    const simulator = await startTestSimulator(t);
    await simulator.faults.add({ region: 'us-east-1', kind });
    const gateway = await startTestGateway(t, { credentials: role, models: { rain } }, { running: simulator });
    await gateway.app.parts.backends.ready();
    await eventually(t, 'the region signs with a session from elsewhere', async () => {
      const answer = await gateway.call('rain', { headers: { 'x-meridian-region': 'us-east-1' } });
      return answer.status === 200;
    });
  });
}

test('with every STS gone at the start, the error is the gateway’s own and says so in the log', async t => {
  const simulator = await startTestSimulator(t);
  for (const region of Object.keys(simulator.urls)) await simulator.faults.add({ region, kind: 'sts-error' });
  const gateway = await startTestGateway(t, { credentials: role, models: { rain } }, { running: simulator });
  const answer = await gateway.call('rain');
  t.equal(answer.status, 503);
  t.notMatch(answer.text, /222222222222|role|arn/);
  const logged = (message: string) => gateway.log.find(line => line['message'] === message);
  t.match(logged('credentials could not be renewed'), { level: 50, identity: /^role-/, detail: /none are left/ });
  t.match(logged('target misconfigured'), { type: 'NoCredentials', mend: /state credentials for the region/ });
});

test('a reload keeps the keys of roles that stay, even while no STS answers', async t => {
  const simulator = await startTestSimulator(t);
  const gateway = await startTestGateway(t, { credentials: role, models: { rain } }, { running: simulator });
  await gateway.app.parts.backends.ready();
  for (const region of Object.keys(simulator.urls)) await simulator.faults.add({ region, kind: 'sts-error' });
  await gateway.app.reload(gateway.resolve({ models: { rain: { ...rain, deadlineMs: 5_000 } } }));
  const answer = await gateway.call('rain');
  t.match(answer.headers.get('x-meridian-attempts'), /^v1@us-(east-1|west-2)\/realtime:ok$/);
  t.same(
    gateway.log.filter(line => line['message'] === 'credentials could not be renewed'),
    [],
  );
});

test('keys that a reload brings are fetched before it takes effect', async t => {
  const gateway = await startTestGateway(t, { models: { small: simpleModel(['us-east-1']) } });
  await gateway.app.reload(gateway.resolve({ credentials: role }));
  const answer = await gateway.call('small');
  t.match([answer.status, answer.headers.get('x-meridian-attempts')], [200, 'v1@us-east-1/realtime:ok']);
});
