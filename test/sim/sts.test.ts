import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
} from '@aws-sdk/client-sts';
import { test } from 'tap';
import { failure, invoke, runtimeClient, signedHeaders, stsClient } from '../helpers/aws-clients.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const RoleArn = 'arn:aws:iam::222222222222:role/meridian';
const assumeRole: AssumeRoleCommandInput = { RoleArn, RoleSessionName: 'gateway', ExternalId: 'meridian-demo' };

function usable({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }: Partial<Credentials> = {}) {
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

test('an assumed role invokes endpoints in any region, as its own account', async t => {
  const simulator = await startTestSimulator(t);
  const sts = stsClient(t, simulator, 'eu-west-1', {
    credentials: { accessKeyId: 'assumer', secretAccessKey: 'assumer' },
  });
  const answer = await sts.send(new AssumeRoleCommand(assumeRole));
  t.equal(answer.AssumedRoleUser?.Arn, 'arn:aws:sts::222222222222:assumed-role/meridian/gateway');
  t.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
  const lifetimeMs = (answer.Credentials?.Expiration?.getTime() ?? 0) - Date.now();
  t.ok(lifetimeMs > 3_590_000 && lifetimeMs <= 3_600_000);

  for (const region of ['eu-west-1', 'us-west-2']) {
    const client = runtimeClient(t, simulator, region, { credentials: usable(answer.Credentials) });
    t.equal((await invoke(client, 'rain-v1')).$metadata.httpStatusCode, 200);
    t.equal((await failure(invoke(client, 'nowhere'))).message, 'Endpoint nowhere of account 222222222222 not found.');
  }
});

test('session credentials end when they say', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock });
  const { Credentials } = await stsClient(t, simulator).send(
    new AssumeRoleCommand({ ...assumeRole, DurationSeconds: 900 }),
  );
  const client = runtimeClient(t, simulator, 'us-east-1', { credentials: usable(Credentials) });
  for (let minutes = 0; minutes < 15; minutes += 3) {
    t.equal((await invoke(client, 'rain-v1')).$metadata.httpStatusCode, 200);
    clock.advance(3 * 60_000); // in steps the client's own clock correction can follow
  }
  const error = await failure(invoke(client, 'rain-v1'));
  t.equal(error.name, 'ExpiredTokenException');
  t.equal(error.message, 'The security token included in the request is expired');
  t.match(error['$metadata'], { httpStatusCode: 403 });
});

test('session credentials without their token are not known', async t => {
  const simulator = await startTestSimulator(t);
  const { Credentials } = await stsClient(t, simulator).send(new AssumeRoleCommand(assumeRole));
  const { sessionToken: _, ...bare } = usable(Credentials);
  const error = await failure(invoke(runtimeClient(t, simulator, 'us-east-1', { credentials: bare }), 'rain-v1'));
  t.equal(error.name, 'UnrecognizedClientException');
});

const denied: readonly [name: string, input: Partial<AssumeRoleCommandInput>][] = [
  ['a wrong external id', { ExternalId: 'wrong' }],
  ['no external id', { ExternalId: undefined }],
  ['an unknown role', { RoleArn: 'arn:aws:iam::222222222222:role/other' }],
];

test('what the trust policy does not allow is AccessDenied', async t => {
  const simulator = await startTestSimulator(t);
  const sts = stsClient(t, simulator);
  for (const [name, input] of denied) {
    const error = await failure(sts.send(new AssumeRoleCommand({ ...assumeRole, ...input })));
    t.equal(error.name, 'AccessDenied', name);
    t.match(error.message, 'User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:AssumeRole');
    t.match(error['$metadata'], { httpStatusCode: 403 });
  }
  const untrusted = stsClient(t, simulator, 'us-east-1', {
    credentials: { accessKeyId: 'denied', secretAccessKey: 'denied' },
  });
  t.equal((await failure(untrusted.send(new AssumeRoleCommand(assumeRole)))).name, 'AccessDenied');
});

test('signature problems have the names STS gives them', async t => {
  const simulator = await startTestSimulator(t);
  const cases = [
    [{ credentials: { accessKeyId: 'nobody', secretAccessKey: 'x' } }, 'InvalidClientTokenId'],
    [{ credentials: { accessKeyId: 'demo', secretAccessKey: 'wrong' } }, 'SignatureDoesNotMatch'],
    [{ region: 'eu-west-1' }, 'SignatureDoesNotMatch'],
  ] as const;
  for (const [config, code] of cases) {
    const error = await failure(stsClient(t, simulator, 'us-east-1', config).send(new AssumeRoleCommand(assumeRole)));
    t.equal(error.name, code);
    t.match(error['$metadata'], { httpStatusCode: 403 });
  }
});

test('durations and names out of bounds are refused', async t => {
  const simulator = await startTestSimulator(t);
  const sts = stsClient(t, simulator);
  for (const [input, says] of [
    [{ DurationSeconds: 899 }, 'durationSeconds'],
    [{ DurationSeconds: 43_201 }, 'durationSeconds'],
    [{ DurationSeconds: 7200 }, 'exceeds the MaxSessionDuration'],
    [{ RoleSessionName: 'a b' }, 'roleSessionName'],
  ] as const) {
    const error = await failure(sts.send(new AssumeRoleCommand({ ...assumeRole, ...input })));
    t.match(error.message, says);
    t.match(error['$metadata'], { httpStatusCode: 400 });
  }
});

test('a web identity token is exchanged without a signature', async t => {
  const simulator = await startTestSimulator(t);
  const sts = stsClient(t, simulator, 'us-west-2');
  const input = { RoleArn, RoleSessionName: 'pod', WebIdentityToken: 'demo-web-identity-token' };
  const answer = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
  const client = runtimeClient(t, simulator, 'us-east-1', { credentials: usable(answer.Credentials) });
  t.equal((await invoke(client, 'rain-v1')).$metadata.httpStatusCode, 200);
  const error = await failure(sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: 'forged' })));
  t.match([error.name, error['$metadata']], [/InvalidIdentityToken/, { httpStatusCode: 400 }]);
});

test('an action STS does not have is refused', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url('us-east-1');
  const body = 'Action=Nothing%3C&Version=2011-06-15';
  const headers = await signedHeaders(url, { path: '/', body, service: 'sts' });
  const response = await fetch(url, { method: 'POST', headers, body });
  t.equal(response.status, 400);
  t.match(await response.text(), '<Code>InvalidAction</Code><Message>Could not find operation Nothing&#60;');
});
