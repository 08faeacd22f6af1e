import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { sampleBaseline, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { echo } from '../helpers/simulator.ts';

const token = 'secret-of-an-api-destination';
const hooks = { tokens: [{ id: 'eventbridge', sha256: createHash('sha256').update(token).digest('hex') }] };
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

test('a notification of SNS brings the event too, in plain text and with the token as a password', async t => {
  const gateway = await startTestGateway(t, { hooks, models });
  const authorization = `Basic ${Buffer.from(`any:${token}`).toString('base64')}`;
  const send = async (message: object) => {
    const headers = { 'content-type': 'text/plain; charset=UTF-8', authorization };
    const body = JSON.stringify(message);
    const response = await fetch(`${gateway.urls.admin}/hooks/eventbridge`, { method: 'POST', headers, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const topic = { TopicArn: 'arn:aws:sns:us-west-2:123456789012:models' };
  t.match(await send({ Type: 'Notification', ...topic, Message: JSON.stringify(approved(5)) }), {
    status: 200,
    body: { taken: true, version: 'r5' },
  });
  const elsewhere = { Type: 'SubscriptionConfirmation', ...topic, SubscribeURL: gateway.urls.data };
  t.equal((await send(elsewhere)).status, 400, 'nothing but SNS’s own address is visited');
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
