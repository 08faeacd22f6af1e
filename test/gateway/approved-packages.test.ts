import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { certificatePath, snsSigner } from '../../sim/sns-signing.ts';
import { systemClock } from '../../src/core/clock.ts';
import { sampleBaseline, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { echo } from '../helpers/simulator.ts';

const token = 'secret-of-an-api-destination';
const hooks = { tokens: [{ id: 'eventbridge', sha256: createHash('sha256').update(token).digest('hex') }] };
const topic = 'arn:aws:sns:us-west-2:123456789012:models';
const regions = ['us-west-2', 'eu-west-1'];
const newVersions = { packageGroup: 'rain', endpoint: 'rain-r{number}', canary: false };
const models = { rain: simpleModel(regions, { newVersions }), other: simpleModel(regions) };

function approved(number: number) {
  return {
    source: 'aws.sagemaker',
    'detail-type': 'SageMaker Model Package State Change',
    region: 'us-west-2',
    detail: {
      ModelPackageGroupName: 'rain',
      ModelPackageVersion: number,
      ModelPackageArn: `arn:aws:sagemaker:us-west-2:123456789012:model-package/rain/${number}`,
      ModelApprovalStatus: 'Approved',
    },
  };
}

async function post({ urls }: TestGateway, body: unknown, authorization = `Bearer ${token}`) {
  const headers = { 'content-type': 'application/json', authorization };
  const response = await fetch(`${urls.admin}/hooks/eventbridge`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const versionsOf = ({ app }: TestGateway) =>
  app.parts
    .config()
    .models.get('rain')
    ?.versions.map(({ name }) => name);

function stateDirectory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-versions-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('an approved package is a version at once, through reloads and a restart, until it is taken out', async t => {
  const stateDir = stateDirectory(t);
  const first = await startTestGateway(t, { hooks, models, stateDir });
  first.simulator.deploy('rain-r3', echo);
  t.match(await post(first, approved(3)), { status: 200, body: { taken: true, model: 'rain', version: 'r3' } });
  t.match(await post(first, approved(3)), { body: { taken: true, version: 'r3' } }, 'told twice, as AWS may');
  t.strictSame(versionsOf(first), ['v1', 'r3']);
  const { targets } = (await (await fetch(`${first.urls.admin}/admin/targets`)).json()) as {
    targets: { target: string }[];
  };
  t.ok(
    targets.some(({ target }) => target === 'r3@eu-west-1/realtime'),
    'with targets where the first version has them',
  );
  await first.app.reload(first.resolve({ models: { ...models, third: simpleModel(regions) } }));
  t.strictSame(versionsOf(first), ['v1', 'r3'], 'a reload keeps it');
  const listed = (await (await fetch(`${first.urls.admin}/admin/versions`)).json()) as { versions: object[] };
  t.match(listed.versions, [
    { model: 'rain', version: 'r3', endpoint: 'rain-r3', by: 'hook eventbridge', canary: 'none' },
  ]);
  await first.app.shutdown();

  const second = await startTestGateway(t, { hooks, models, stateDir }, { running: first.simulator });
  t.strictSame(versionsOf(second), ['v1', 'r3'], 'a restart too');
  const remove = await fetch(`${second.urls.admin}/admin/versions/remove`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'rain', version: 'r3' }),
  });
  t.equal(remove.status, 200);
  t.strictSame(versionsOf(second), ['v1']);
});

test('what the file says of a version outranks the package', async t => {
  const versions = {
    v1: { targets: targetsIn(regions) },
    r3: { weight: 50, targets: targetsIn(['us-west-2'], 'rain-v2') },
  };
  const gateway = await startTestGateway(t, { hooks, models: { rain: { newVersions, versions } } });
  t.match(await post(gateway, approved(3)), { status: 200 });
  const r3 = gateway.app.parts
    .config()
    .models.get('rain')
    ?.versions.find(({ name }) => name === 'r3');
  t.match(r3, { weight: 50, targets: [{ endpoint: 'rain-v2' }] });
});

test('nobody without the token registers anything, and what is no event is refused', async t => {
  const gateway = await startTestGateway(t, { hooks, models });
  const basic = (password: string) => `Basic ${Buffer.from(`any:${password}`).toString('base64')}`;
  for (const authorization of ['', 'Bearer wrong', `Basic ${token}`, basic('wrong')])
    t.equal((await post(gateway, approved(4), authorization)).status, 403, authorization);
  t.equal((await post(gateway, { hello: 1 })).status, 400);
  t.match(await post(gateway, { ...approved(4), source: 'somebody' }), { status: 200, body: { taken: false } });
  const pending = { ...approved(4).detail, ModelApprovalStatus: 'PendingManualApproval' };
  t.match(await post(gateway, { ...approved(4), detail: pending }), { body: { taken: false } });
  t.strictSame(versionsOf(gateway), ['v1']);
  const without = await startTestGateway(t, { models }, { running: gateway.simulator });
  t.equal((await post(without, approved(4))).status, 403, 'without a configured token there is no hook');
});

test('the stand-in’s registry tells the gateway through EventBridge', async t => {
  const gateway = await startTestGateway(t, { hooks, models });
  gateway.simulator.subscriptions.add({
    url: `${gateway.urls.admin}/hooks/eventbridge`,
    headers: { authorization: `Bearer ${token}` },
  });
  const { PutEventsCommand, EventBridgeClient } = await import('@aws-sdk/client-eventbridge');
  const client = new EventBridgeClient({
    region: 'us-west-2',
    endpoint: gateway.simulator.url('us-west-2'),
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  });
  t.teardown(() => client.destroy());
  const { source: Source, 'detail-type': DetailType, detail } = approved(9);
  await client.send(new PutEventsCommand({ Entries: [{ Source, DetailType, Detail: JSON.stringify(detail) }] }));
  await eventually(t, 'the version is there', () => versionsOf(gateway)?.includes('r9') ?? false);
});

/** What SNS posts for a topic of us-west-2, signed with the stand-in's key. */
function ofSns({ simulator }: TestGateway, fields: Record<string, string>): Record<string, string> {
  const signed = {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topic,
    Timestamp: new Date().toISOString(),
    ...fields,
  };
  const SigningCertURL = simulator.url('us-west-2') + certificatePath;
  return { ...signed, SignatureVersion: '2', Signature: snsSigner().sign(signed), SigningCertURL };
}

test('a message of SNS brings the event too, if SNS signed it and its topic is awaited', async t => {
  const gateway = await startTestGateway(t, { hooks: { ...hooks, topics: [topic] }, models });
  const send = async (message: object, authorization?: string) => {
    const headers = { 'content-type': 'text/plain; charset=UTF-8', ...(authorization && { authorization }) };
    const body = JSON.stringify(message);
    const response = await fetch(`${gateway.urls.admin}/hooks/eventbridge`, { method: 'POST', headers, body });
    const { status } = response;
    return { status, asks: response.headers.get('www-authenticate'), body: (await response.json()) as object };
  };
  const basic = `Basic ${Buffer.from(`any:${token}`).toString('base64')}`;
  const message = ofSns(gateway, { Message: JSON.stringify(approved(5)) });
  t.match(
    await send(message),
    { status: 401, asks: /^Basic realm=/ },
    'SNS sends the password when it is asked for it',
  );
  t.equal((await send({ ...message, Message: JSON.stringify(approved(6)) }, basic)).status, 403, 'forged');
  const other = { TopicArn: `${topic}-2`, Message: JSON.stringify(approved(6)) };
  t.equal((await send(ofSns(gateway, other), basic)).status, 403, 'of another topic');
  const old = { Timestamp: new Date(Date.now() - 7_200_000).toISOString(), Message: JSON.stringify(approved(6)) };
  t.equal((await send(ofSns(gateway, old), basic)).status, 403, 'old');
  t.strictSame(versionsOf(gateway), ['v1']);
  t.match(await send(message, basic), { status: 200, body: { taken: true, version: 'r5' } });
  t.match(await send(message, basic), { status: 200, body: { taken: false, why: /taken before/ } }, 'replayed');
  const elsewhere = { Type: 'SubscriptionConfirmation', Token: 'x', Message: 'x', SubscribeURL: gateway.urls.data };
  t.equal((await send(ofSns(gateway, elsewhere), basic)).status, 403, 'nothing but SNS’s own address is visited');
  const unread = ofSns(gateway, { Message: JSON.stringify(approved(6)) });
  const renewed = { ...unread, SigningCertURL: unread['SigningCertURL']?.replace('abcdef', 'abcde0') };
  t.match(
    await send(renewed, basic),
    { status: 503, body: { error: { message: /post it again/ } } },
    'a certificate that cannot be read now: SNS tries again, where it would not after a 403',
  );
  t.strictSame(versionsOf(gateway), ['v1', 'r5']);
});

test('events in any order, late ones and those of other groups come to the same versions', async t => {
  const trial = { ...newVersions, canary: true };
  const waiting = { steps: [1], minSample: 1_000_000 };
  const gateway = await startTestGateway(t, {
    hooks,
    models: { rain: simpleModel(regions, { newVersions: trial, canary: waiting }) },
  });
  const judged = (number: number, second: number, more: object = {}) => ({
    ...approved(number),
    time: new Date(1_760_942_880_000 + second * 1_000).toISOString(),
    detail: { ...approved(number).detail, ...more },
  });
  const rejected = { ModelApprovalStatus: 'Rejected' };
  t.match(await post(gateway, judged(9, 0, { ModelPackageGroupName: 'snow' })), {
    body: { taken: false, why: /snow/ },
  });
  t.match(await post(gateway, judged(9, 0, { ...rejected, ModelPackageGroupName: 'snow' })), {
    body: { taken: false },
  });
  t.match(await post(gateway, judged(4, 10, rejected)), { body: { taken: true, version: 'r4' } });
  t.match(await post(gateway, judged(4, 5)), { body: { taken: false, why: /was rejected/ } }, 'approved before that');
  t.match(await post(gateway, judged(7, 20)), { body: { taken: true, version: 'r7', canary: 'started' } });
  t.match(await post(gateway, judged(6, 15)), {
    body: { version: 'r6', canary: 'refused', why: 'package 7 is newer' },
  });
  const record = () => gateway.app.canaries.record('rain');
  t.match(record(), { canary: 'r7', state: 'stepping' });
  await post(gateway, judged(7, 30, rejected));
  t.match(record(), { canary: 'r7', state: 'aborted', reason: 'package 7 was rejected in the registry' });
  for (const again of [judged(7, 20), judged(6, 15), judged(4, 5)]) await post(gateway, again);
  t.match(record(), { canary: 'r7', state: 'aborted' }, 'told again, nothing begins');
});

test('windows of a version that came by itself survive a restart, as those of the others do', async t => {
  const stateDir = stateDirectory(t);
  const baseline = writeBaseline(stateDirectory(t), sampleBaseline());
  const monitor = { baseline, windows: { paneSeconds: 86_400 } };
  const config = { hooks, models: { rain: simpleModel(regions, { newVersions, monitor }) }, stateDir };
  const first = await startTestGateway(t, config);
  first.simulator.deploy('rain-r3', echo);
  await post(first, approved(3));
  const records = ({ app }: TestGateway) =>
    app.drift.watched().map(({ version, whole }) => [version, whole.monitor?.kept().open[0]?.counts.records]);
  await eventually(t, 'watched', async () => records(first).length === 2);
  const record = { instances: [new Map(Object.entries({ x: 1, colour: 'red' }))], typed: true, problems: [] };
  for (const { whole } of first.app.drift.watched()) whole.monitor?.record(systemClock.wallMs(), record, []);
  await first.app.shutdown();
  const second = await startTestGateway(t, config, { running: first.simulator });
  t.strictSame(records(second), [
    ['v1', 1],
    ['r3', 1],
  ]);
});
