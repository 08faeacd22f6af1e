import { createHash } from 'node:crypto';
import { test } from 'tap';
import { main } from '../../src/cli/meridian.ts';
import { callUntil, canaryApi, canaryModel, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';

const regions = ['us-east-1', 'us-west-2'];
const long = { ...quickPlan, steps: [10, 50], minSample: 1_000_000 };
const key = (id: string, role: 'viewer' | 'operator', owners?: string[]) => ({
  ...{ id, role, sha256: createHash('sha256').update(`secret-of-${id}`).digest('hex') },
  ...(owners && { owners }),
});

test('who may do what: viewers look, owners act on their own, a second person approves', async t => {
  const model = canaryModel({ owner: 'weather-team', canary: { ...long, approval: 'second-person' } }, regions);
  const keys = [
    key('vera', 'viewer'),
    key('otto', 'operator', ['travel-team']),
    key('anna', 'operator', ['weather-team']),
    key('root', 'operator'),
  ];
  const gateway = await startTestGateway(t, { admin: { keys }, models: { rain: model } }, { logLevel: 'error' });
  const as = (id: string) => canaryApi(gateway, `secret-of-${id}`);
  const start = { model: 'rain', version: 'v2' };
  t.equal((await as('vera').post('start', start)).status, 403);
  t.match(await as('otto').post('start', start), {
    status: 403,
    body: { error: { message: /belongs to weather-team/ } },
  });
  t.match(await as('anna').post('start', start), { status: 200, body: { startedBy: 'anna' } });
  t.match(await as('vera').status(), { state: 'stepping' });
  t.match(await as('anna').post('promote', { model: 'rain', reason: 'urgent' }), {
    body: { state: 'awaiting-approval', share: 0.1 },
  });
  t.match(await as('anna').post('approve', { model: 'rain' }), {
    status: 403,
    body: { error: { message: /another person/ } },
  });
  t.match(await as('root').post('approve', { model: 'rain' }), { status: 200, body: { state: 'promoted', share: 1 } });
  const history = await gateway.app.canaries.history.read('rain', 100);
  t.match(
    history.filter(({ act }) => act !== 'look').map(({ by, act, reason }) => [by, act, reason]),
    [
      ['anna', 'start', ''],
      ['anna', 'ask', 'urgent'],
      ['root', 'approve', ''],
    ],
  );
  t.match(
    gateway.log.filter(({ message }) => message === 'operator refused').map(({ actor, act }) => `${actor} ${act}`),
    ['127.0.0.1 canary start', 'otto canary start', 'anna canary approve'],
  );
});

test('what cannot be is refused with the reason', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ canary: long }, regions) } });
  const { post } = canaryApi(gateway);
  const start = (more: object = {}) => post('start', { model: 'rain', version: 'v2', ...more });
  const refused = (answer: Awaited<ReturnType<typeof post>>) => [answer.status, answer.body.error?.message];
  t.match(refused(await post('pause', { model: 'rain' })), [404, /has had no canary/]);
  t.match(refused(await post('pause', { model: 'snow' })), [404, /No model snow/]);
  t.match(refused(await start({ version: 'v9' })), [404, /it has v1, v2, v3/]);
  t.match(refused(await start({ version: 'v1' })), [409, /only version/]);
  t.match(refused(await start({ steps: [50, 10] })), [400, /ascend/]);
  t.match(refused(await start({ waves: [['eu-west-1']] })), [400, /no target in eu-west-1/]);
  t.equal((await start({ speed: 'fast' })).status, 400);
  t.equal((await start({ steps: [10, 20] })).status, 200);
  t.match(refused(await start({ version: 'v3' })), [409, /v2 is on trial already/]);
  t.match(await post('pause', { model: 'rain' }), { body: { state: 'paused', share: 0.1 } });
  t.match(refused(await post('pause', { model: 'rain' })), [409, /is paused: it cannot be paused/]);
  t.match(await post('resume', { model: 'rain' }), { body: { state: 'stepping' } });
  t.match(await post('promote', { model: 'rain' }), { body: { state: 'promoted' } });
  t.match(refused(await start()), [409, /v2 is in charge of rain already/]);
  t.match(await start({ version: 'v3' }), { status: 200, body: { stable: { version: 'v2' } } });
  t.match(await post('abort', { model: 'rain' }), { body: { state: 'aborted' } });
  t.equal(
    (await gateway.call('rain')).headers.get('x-meridian-model-version'),
    'v2',
    'back to what was promoted before',
  );
});

test('the config starts a canary once, and again only when its block is another', async t => {
  const block = { ...long, version: 'v2' };
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ canary: block }, regions) } });
  const { post, status } = canaryApi(gateway);
  await eventually(t, 'it starts by itself', async () => (await status())?.state === 'stepping');
  const first = await status();
  t.match(first, { startedBy: 'config', id: /^v2-config-/ });
  await post('abort', { model: 'rain' });
  await gateway.app.reload(gateway.resolve({}));
  await gateway.app.canaries.tick();
  t.match(await status(), { state: 'aborted', id: first?.id });
  await gateway.app.reload(
    gateway.resolve({ models: { rain: canaryModel({ canary: { ...block, minSample: 5_000 } }, regions) } }),
  );
  await eventually(t, 'the other one starts', async () => (await status())?.state === 'stepping');
  t.not((await status())?.id, first?.id);
});

test('a promotion holds until the config says otherwise', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ canary: long }, regions) } });
  const { post } = canaryApi(gateway);
  const version = async () => (await gateway.call('rain')).headers.get('x-meridian-model-version');
  await post('start', { model: 'rain', version: 'v2' });
  await post('promote', { model: 'rain' });
  t.equal(await version(), 'v2');
  const model = canaryModel({ canary: long }, regions) as { versions: Record<string, object> };
  const changed = {
    ...model,
    versions: {
      ...model.versions,
      v1: { ...model.versions['v1'], weight: 0 },
      v3: { ...model.versions['v3'], weight: 100 },
    },
  };
  await gateway.app.reload(gateway.resolve({ models: { rain: model }, replicas: 2 }));
  t.equal(await version(), 'v2', 'another change of the config is none of the weights');
  await gateway.app.reload(gateway.resolve({ models: { rain: changed } }));
  t.equal(await version(), 'v3');
});

test('a body whose type is not said is asked for it', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ canary: long }, regions) } });
  const body = JSON.stringify({ model: 'rain', version: 'v2' });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${gateway.urls.admin}/admin/canary/start`, { method: 'POST', headers, body });
  t.equal(answer.status, 415);
  t.match(await answer.json(), { error: { message: 'Say what the body is: content-type: application/json.' } });
});

test('the command line starts, shows and ends a canary', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: canaryModel({ canary: long }, regions) } },
    { logLevel: 'error' },
  );
  const run = async (...args: string[]) => {
    let [out, err] = ['', ''];
    const io = {
      ...{
        env: { MERIDIAN_ADMIN: gateway.urls.admin },
        stop: AbortSignal.abort(),
        onReload: () => {},
        columns: () => 200,
        rows: () => 200,
      },
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
    };
    return { code: await main(['canary', ...args], io), out, err };
  };
  t.match(await run('status'), { code: 0, out: /No canary was started yet/ });
  const started = await run(
    'start',
    'rain',
    'v2',
    '--steps',
    '20,100',
    '--sample',
    '500',
    '--bake',
    '1m',
    '--reason',
    'new build',
  );
  t.match(started, { code: 0, out: /v2 of rain gets 20 % of calls/ });
  await callUntil(gateway, async () => ((await canaryApi(gateway).status())?.stepCalls ?? 0) > 30);
  const { out } = await run('status', 'rain', '--watch');
  for (const part of [
    /rain: v2 on trial against v1 +stepping: new build/,
    /share +20 % of calls +\[20\] → 100/,
    /step +\d+ of 500 calls, \d+ s of 60 s/,
    /calls compared +\d+ +\d+/,
    /guard +v2 +v1 +statistic +condemns at/,
    /errors +[…✓] +0 % +0 % +1 +222 +at most .* points above stable, to pass/,
    /waits for\n +\d+ of 500 calls of the canary/,
  ])
    t.match(out, part);
  t.ok(out.startsWith('\u001b[H\u001b[2J'), 'drawn anew on a screen');
  t.match(JSON.parse((await run('status', '--json')).out), { canaries: [{ model: 'rain', state: 'stepping' }] });
  t.match(await run('pause', 'rain'), { code: 0, out: /paused/ });
  t.match(await run('resume', 'rain'), { code: 0, out: /goes on/ });
  t.match(await run('abort', 'rain', '--reason', 'wrong build'), { code: 0, out: /aborted/ });
  t.match((await run('status', 'rain')).out, /rain: v2 was tried against v1 +aborted: wrong build/);
  t.match(
    (await run('history', 'rain')).out,
    /v2 +start +stepping +20 % +local +new build.*abort +aborted +0 % +local +wrong build/s,
  );
  t.match((await run('history', 'rain')).out, /v2 +look /);
  const acts = await run('history', 'rain', '--acts');
  t.match(acts.out, /v2 +start .*v2 +pause .*v2 +resume .*v2 +abort /s);
  t.notMatch(acts.out, /look/);
  t.match(await run('resume', 'rain'), { code: 1, err: /is aborted: it cannot be resumed/ });
  t.match(await run('start', 'rain'), { code: 2, err: /Name the version/ });
  t.match(await run('start', 'rain', 'v2', '--bake', 'long'), { code: 2, err: /--bake is a time/ });
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_canary_state\{model="rain",version="v2",state="aborted"\} 1/);
  t.match(metrics, /meridian_canary_changes_total\{model="rain",from="stepping",to="paused"\} 1/);
});
