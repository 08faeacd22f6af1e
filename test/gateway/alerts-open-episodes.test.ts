import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'tap';
import { hooks, hookToken, notification, postHook } from '../helpers/alerts.ts';
import { runCommand } from '../helpers/command.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';

const drift = { alertname: 'MeridianPredictionDrift', model: 'rain', monitor: 'prediction', severity: 'ticket' };
const retrain = { dryRun: true, actions: [{ kind: 'pipeline', pipeline: 'rain-retrain', region: 'us-east-1' }] };
const models = { rain: simpleModel(['us-east-1'], { retrain }), snow: simpleModel(['us-east-1']) };

interface Shown {
  readonly id: string;
  readonly state: string;
}

async function listed({ urls }: TestGateway): Promise<readonly Shown[]> {
  return ((await (await fetch(`${urls.admin}/admin/episodes`)).json()) as { episodes: Shown[] }).episodes;
}

const run = ({ urls }: TestGateway, ...args: string[]) =>
  runCommand(['episodes', ...args], { MERIDIAN_ADMIN: urls.admin });

test('an alert opens an episode, which is rehearsed; its end closes it; a replay opens nothing', async t => {
  const gateway = await startTestGateway(t, { models, hooks });
  const post = async (body: object) => {
    const answer = await postHook(gateway.urls.admin, body);
    t.equal(answer.status, 200);
    return answer.json();
  };
  t.same(await post(notification({ labels: drift })), { opened: 1, added: 0, ignored: 0 });
  await eventually(t, 'rehearsed', async () => (await listed(gateway))[0]?.state === 'rehearsed');
  t.match(await post(notification({ labels: drift })), { opened: 0 }, 'repeats are the same alert');
  t.same(await post(notification({ labels: drift, status: 'resolved' })), { opened: 0, added: 1, ignored: 0 });
  await eventually(t, 'cleared', async () => (await listed(gateway))[0]?.state === 'cleared');
  t.same(await post(notification({ labels: drift })), { opened: 0, added: 0, ignored: 1 }, 'it is over');
  const anew = notification({ labels: drift, startsAt: '2025-10-21T06:00:00Z' });
  t.same(await post(anew), { opened: 1, added: 0, ignored: 0 });
  t.equal((await listed(gateway)).length, 2);
});

test('alerts about nothing that is retrained are taken and ignored', async t => {
  const gateway = await startTestGateway(t, { models, hooks });
  for (const labels of [
    { ...drift, model: 'snow' },
    { ...drift, model: 'nobody' },
  ]) {
    const answer = await postHook(gateway.urls.admin, notification({ labels }));
    t.same(await answer.json(), { opened: 0, added: 0, ignored: 1 });
  }
  const down = notification({ labels: { alertname: 'MeridianDown', severity: 'page' } });
  t.same(await (await postHook(gateway.urls.admin, down)).json(), { opened: 0, added: 0, ignored: 0 });
  t.same(await listed(gateway), []);
});

test('only who has a token may tell, on loopback too', async t => {
  const gateway = await startTestGateway(t, { models, hooks });
  const body = notification({ labels: drift });
  for (const token of ['', 'another-token', hookToken.slice(1)])
    t.equal((await postHook(gateway.urls.admin, body, token)).status, 403, token);
  const without = await startTestGateway(t, { models });
  t.equal((await postHook(without.urls.admin, body)).status, 403);
  t.same([await listed(gateway), await listed(without)], [[], []]);
  t.equal((await postHook(gateway.urls.data, body)).status, 404, 'callers’ listener has no hooks');
});

test('what is no notification is refused', async t => {
  const gateway = await startTestGateway(t, { models, hooks });
  const bad = [
    '',
    '{',
    '[]',
    '{"version":"3","alerts":[]}',
    '{"version":"4","alerts":[{}]}',
    '{"version":"4"}',
    'null',
  ];
  for (const body of bad) t.equal((await postHook(gateway.urls.admin, body)).status, 400, body);
});

test('while replicas cannot agree Alertmanager is asked to post again', async t => {
  const gateway = await startTestGateway(t, { models, hooks, redis: { url: 'redis://127.0.0.1:1' } });
  const answer = await postHook(gateway.urls.admin, notification({ labels: drift }));
  t.equal(answer.status, 503);
  t.same(await listed(gateway), []);
});

test('an operator lists, reads, approves, dismisses and begins episodes', async t => {
  const approval = { ...retrain, approval: true };
  const asked = { rain: simpleModel(['us-east-1'], { retrain: approval }) };
  const gateway = await startTestGateway(t, { models: asked, hooks });
  t.match(await run(gateway), { code: 0, out: /nothing has drifted/ });
  await postHook(gateway.urls.admin, notification({ labels: drift }));
  await eventually(t, 'it waits', async () => (await listed(gateway))[0]?.state === 'awaiting-approval');
  const id = (await listed(gateway))[0]?.id ?? '';
  t.match((await run(gateway, 'list', '--open')).out, new RegExp(`^${id} .* rain +awaiting-approval`));
  t.match(await run(gateway, 'approve', id), { code: 0 });
  await eventually(t, 'rehearsed', async () => (await listed(gateway))[0]?.state === 'rehearsed');
  t.match((await run(gateway, 'show', id)).out, /dry run, not done: pipeline rain-retrain in us-east-1 {2}\[gateway\]/);
  t.match(JSON.parse((await run(gateway, 'show', id, '--json')).out), { approvedBy: 'local', state: 'rehearsed' });
  t.match(await run(gateway, 'approve', id), { code: 1, err: /only one that is awaiting-approval/ });
  t.match((await run(gateway, 'dismiss', id, '--reason', 'a holiday')).out, /dismissed +a holiday {2}\[local\]/);
  t.match((await run(gateway, 'trigger', 'rain', '--reason', 'new sensors')).out, /Episode .* of rain: confirmed/);
  t.match(await run(gateway, 'trigger', 'rain'), { code: 2, err: /Say why/ });
  const scoped = (scope: string) => run(gateway, 'trigger', 'rain', '--scope', scope, '--reason', 'new sensors');
  t.match((await scoped('us')).out, /Episode .* of rain \(us\): confirmed/);
  t.match(await scoped('ap'), { code: 1, err: /rain is not served in ap: a scope is one of all, us/ });
  t.match(await run(gateway, 'show', id, '--scope', 'us'), { code: 2, err: /takes no --scope/ });
  t.match((await run(gateway)).out, /rain \(us\)/);
  t.match(await run(gateway, 'show', '0123456789ab'), { code: 1, err: /No episode/ });
  for (const act of ['show', 'approve', 'dismiss'])
    t.match(await run(gateway, act, 'holiday'), { code: 1, err: /^No episode holiday: see/ });
  t.match(await run(gateway, 'frobnicate', 'x'), { code: 2 });
  t.match((await run(gateway, 'list', '--model', 'snow')).out, /No episodes of snow: nothing has drifted/);
  t.match((await run(gateway, 'list', '--model', 'snow', '--open')).out, /No episode of snow is open/);
  const acts = gateway.log.flatMap(({ message, act }) => (message === 'operator' ? [act] : []));
  t.same(acts, ['episodes approve', 'episodes dismiss', 'episodes trigger', 'episodes trigger']);
});

test('who has no token is refused before a body is read', async t => {
  const { urls } = await startTestGateway(t, { models, hooks });
  const { hostname, port } = new URL(urls.admin);
  for (const hook of ['alertmanager', 'eventbridge']) {
    const socket = connect(Number(port), hostname);
    const head = ['content-type: application/json', 'content-length: 1000000', 'authorization: Bearer guess'];
    socket.write([`POST /hooks/${hook} HTTP/1.1`, `host: ${hostname}:${port}`, ...head, '', ''].join('\r\n'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    t.match(answer.toString(), /^HTTP\/1\.1 403 /, 'not one byte of it was sent');
  }
});
