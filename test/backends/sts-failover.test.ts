import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import type { CredentialsOptions } from '../../src/backends/options.ts';
import { limitsOf, requestOf, targetOf, testBackends } from '../helpers/backend-fixtures.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const role: CredentialsOptions = {
  roleArn: 'arn:aws:iam::222222222222:role/meridian',
  externalId: 'meridian-demo',
  source: { accessKeyId: 'assumer', secretAccessKey: 'assumer' },
};
const target = targetOf({ identity: 'role' });

function assuming(t: Parameters<typeof testBackends>[0], simulator: Simulator, credentials: CredentialsOptions = role) {
  const regions = new Map(
    Object.entries(simulator.urls).map(([region, url]) => [
      region,
      { sagemakerRuntimeUrl: url, bedrockRuntimeUrl: url, stsUrl: url },
    ]),
  );
  return testBackends(t, { regions, identities: new Map([['role', { credentials, region: 'us-east-1' }]]) });
}

test('a role is assumed at the region’s STS and signs calls', async t => {
  const simulator = await startTestSimulator(t);
  const { backends } = assuming(t, simulator);
  await backends.ready();
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('1,2'), limitsOf()), {
    outcome: 'ok',
    answer: { status: 200, body: Buffer.from('1,2') },
  });
});

test('when the region’s STS fails, another region’s grants the keys', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'sts-error' });
  const { backends, events } = assuming(t, simulator);
  await backends.ready();
  t.match(events, [{ type: 'credentials-changed', identity: 'role', ok: true }]);
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), { outcome: 'ok' });
});

test('a hanging STS is given three seconds', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'sts-hang' });
  const { backends, clock } = assuming(t, simulator);
  let done = false;
  const ready = backends.ready().then(() => {
    done = true;
  });
  // The limit starts once the STS client is loaded; until then time must not run out.
  while (clock.timers < 2) await new Promise(resolve => setImmediate(resolve));
  clock.advance(2_999);
  await new Promise(resolve => setImmediate(resolve));
  t.equal(done, false);
  clock.advance(1);
  await ready;
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), { outcome: 'ok' });
});

test('without any STS the attempt is misconfigured, unsent, and says what to mend', async t => {
  const simulator = await startTestSimulator(t);
  for (const region of Object.keys(simulator.urls)) await simulator.faults.add({ region, kind: 'sts-error' });
  const { backends, events } = assuming(t, simulator);
  await backends.ready();
  t.match(events, [{ ok: false, detail: /none are left/ }]);
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), {
    outcome: 'misconfigured',
    sent: false,
    error: { type: 'NoCredentials', message: /role has no usable credentials for us-east-1; state credentials/ },
  });
});

test('a role can be assumed with a web identity token', async t => {
  const simulator = await startTestSimulator(t);
  const token = join(t.testdir(), 'token');
  writeFileSync(token, 'demo-web-identity-token\n');
  const { backends } = assuming(t, simulator, {
    roleArn: 'arn:aws:iam::222222222222:role/meridian',
    webIdentityTokenFile: token,
  });
  await backends.ready();
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), { outcome: 'ok' });
});

test('the default chain finds the keys of the environment', async t => {
  const simulator = await startTestSimulator(t);
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'demo', AWS_SECRET_ACCESS_KEY: 'demo' });
  t.teardown(() => {
    process.env = before;
  });
  const { backends, events } = assuming(t, simulator, 'default');
  await backends.ready();
  t.match(events, [{ ok: true, detail: 'they do not expire' }]);
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), { outcome: 'ok' });
});

test('a reload keeps the keys of identities that stay and drops the others', async t => {
  const simulator = await startTestSimulator(t);
  const { backends, events } = assuming(t, simulator);
  await backends.ready();
  const regions = new Map([
    [
      'us-east-1',
      {
        sagemakerRuntimeUrl: simulator.url('us-east-1'),
        bedrockRuntimeUrl: simulator.url('us-east-1'),
        stsUrl: simulator.url('us-east-1'),
      },
    ],
  ]);
  backends.use({ regions, identities: new Map([['role', { credentials: role, region: 'us-east-1' }]]) });
  await backends.ready();
  t.equal(events.length, 1, 'nothing was fetched anew');
  backends.use({ regions, identities: new Map() });
  t.match(await backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf()), {
    outcome: 'misconfigured',
  });
});
