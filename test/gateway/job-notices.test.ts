import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { takeNotification } from '../../src/jobs/notifications.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { asyncModel, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { echoContainers } from '../helpers/simulator.ts';
import { snsNotification } from '../helpers/sns-messages.ts';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A listener that refuses the first `refusals` posts. */
async function listener(t: Test, refusals = 0): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    heard.push({ headers: request.headers, body: await text(request) });
    response.statusCode = heard.length <= refusals ? 500 : 204;
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
}

const secret = 'a secret of some length';

test('a webhook is told of the end, signed, and again until it listens', async t => {
  const { url, heard } = await listener(t, 1);
  const other = await listener(t);
  const webhooks = [
    { url, secret },
    { url: other.url, secret, tenant: 'others' },
  ];
  const gateway = await startTestGateway(t, {
    models: { rain: asyncModel() },
    jobs: jobsConfig(undefined, { webhooks }),
  });
  const { id } = await jobsClient(gateway).create('x');
  await eventually(t, 'told twice', () => heard.length === 2);
  for (const { headers, body } of heard) {
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-meridian-signature'])) ?? [];
    t.equal(signature, createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
    t.match(JSON.parse(body), {
      type: 'job-finished',
      job: { id, state: 'completed', result: `/v1/jobs/${id}/result` },
    });
  }
  t.same(other.heard, [], 'other tenants’ listeners hear nothing');
});

const topic = 'arn:aws:sns:us-east-1:123456789012:meridian-async';

test('an SNS notification makes the gateway look at once, if SNS signed it', async t => {
  const sns = await listener(t);
  const outputs = 's3://meridian-jobs-{region}/outputs';
  const endpoints = [{ kind: 'async' as const, name: 'rain-batch', container: 'echo', outputs, notify: sns.url }];
  const gateway = await startTestGateway(
    t,
    {
      models: { rain: asyncModel(['us-east-1']) },
      jobs: jobsConfig(['us-east-1'], { pollMs: 60_000, topics: [topic] }),
    },
    { simulator: { containers: echoContainers, endpoints } },
  );
  const stall = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'async-stall' });
  const client = jobsClient(gateway);
  const { id } = await client.create('x');
  await client.until(t, id, 'running');
  await gateway.simulator.faults.remove(stall);
  await eventually(t, 'SNS posts', () => sns.heard.length === 1);
  const message = JSON.parse(sns.heard[0]?.body ?? '{}') as Record<string, string>;
  const notify = async (posted: object) =>
    (await fetch(`${gateway.urls.data}/v1/notifications/sns`, { method: 'POST', body: JSON.stringify(posted) })).status;
  t.equal(await notify({ ...message, TopicArn: `${topic}-other` }), 403, 'a topic that is not awaited');
  t.equal(await notify({ ...message, Message: '{"inferenceId":"unknown"}' }), 403, 'changed');
  const { Signature: _, ...unsigned } = message;
  t.equal(await notify(unsigned), 403);
  t.match(await client.look(id), { state: 'running' }, 'the next look is a minute away');
  t.equal(await notify(message), 204);
  await client.until(t, id, 'completed');
  t.equal(await notify(message), 204, 'again: nothing new');
});

test('subscriptions are confirmed at SNS and nowhere else', async t => {
  const visited: string[] = [];
  const warnings: string[] = [];
  const ports = {
    topics: [topic],
    isSigned: async () => true,
    poster: { visit: async (url: string) => visited.push(url) > 0 },
    hint: () => {},
    warn: (message: string) => void warnings.push(message),
  };
  const confirm = (SubscribeURL: string) =>
    takeNotification(ports, { Type: 'SubscriptionConfirmation', TopicArn: topic, SubscribeURL });
  for (const url of [
    'http://sns.us-east-1.amazonaws.com/?x',
    'https://sns.us-east-1.amazonaws.com.evil.test/',
    'https://sns.us-east-1.amazonaws.com:8443/',
    'https://127.0.0.1/',
    'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x',
    'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=another&Token=1',
    'nonsense',
  ])
    await confirm(url);
  t.same(visited, []);
  t.equal(warnings.length, 7);
  await confirm(`https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=1`);
  t.equal(visited.length, 1);
});

test('hostile notifications are refused', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: asyncModel() },
    jobs: jobsConfig(undefined, { topics: [topic] }),
  });
  const post = async (body: string) =>
    (await fetch(`${gateway.urls.data}/v1/notifications/sns`, { method: 'POST', body })).status;
  t.equal(await post('nonsense'), 400);
  t.equal(await post('null'), 403);
  t.equal(await post('[]'), 403);
  t.equal(await post(JSON.stringify({ TopicArn: topic, Message: 'nonsense' })), 403);
  t.equal(
    await post(JSON.stringify({ ...snsNotification, TopicArn: topic })),
    403,
    'its certificate is not at our SNS',
  );
  t.equal(await post('x'.repeat(300_001)), 413);
});
