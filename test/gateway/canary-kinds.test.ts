import type { Test } from 'tap';
import { test } from 'tap';
import type { FleetEndpoint } from '../../sim/fleet.ts';
import type { ModelContainer } from '../../sim/model-port.ts';
import { callUntil, canaryApi, quickPlan } from '../helpers/canary.ts';
import { type ConfigData, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { echo, echoContainers } from '../helpers/simulator.ts';

const region = 'us-west-2';
const failure = { status: 500, contentType: 'text/plain', body: Buffer.from('no') };
const broken: ModelContainer = { ...echo, predict: () => failure };
/** The second model of an endpoint of many is as good as the first, the third fails. */
const many: ModelContainer = {
  ...echo,
  predict: input => (input.targetModel === 'v3.tar.gz' ? failure : echo.predict(input)),
};
const containers = { ...echoContainers, broken, many };
const variants = [
  { name: 'v1', weight: 1, container: 'echo' },
  { name: 'v2', weight: 1, container: 'echo' },
  { name: 'v3', weight: 1, container: 'broken' },
];
const hosted = (kind: 'serverless' | 'async'): FleetEndpoint[] =>
  (['v1', 'v2', 'v3'] as const).map(name => ({
    kind,
    ...{ name: `${kind}-${name}`, container: name === 'v3' ? 'broken' : 'echo', maxConcurrency: 50, modelMs: 1 },
    ...(kind === 'async' && { outputs: 's3://meridian-jobs-{region}/outputs' }),
  })) as FleetEndpoint[];
const endpoints: FleetEndpoint[] = [
  { kind: 'variants', name: 'shared', variants },
  { kind: 'components', name: 'parts', components: variants.map(({ name, container }) => ({ name, container })) },
  { kind: 'multi-model', name: 'many', container: 'many', memoryBytes: 2 ** 31, loadMs: 1 },
  ...hosted('serverless'),
  ...hosted('async'),
];

/** How a version of each kind is written; two of them share an endpoint in the first three. */
const kinds: Readonly<Record<string, (version: string) => ConfigData>> = {
  'production variants of one endpoint': version => ({ endpoint: 'shared', variant: version }),
  'inference components of one endpoint': version => ({ endpoint: 'parts', component: version }),
  'models of a multi-model endpoint': version => ({
    ...{ kind: 'sagemaker-multi-model', endpoint: 'many', targetModel: `${version}.tar.gz` },
  }),
  'serverless endpoints': version => ({
    ...{ kind: 'sagemaker-serverless', endpoint: `serverless-${version}`, memoryMb: 2048, maxConcurrency: 50 },
  }),
};

async function gatewayOf(
  t: Test,
  targetOf: (version: string) => ConfigData,
  more: ConfigData = {},
  plan: ConfigData = quickPlan,
) {
  const versions = Object.fromEntries(
    ['v1', 'v2', 'v3'].map(name => [
      name,
      { weight: name === 'v1' ? 100 : 0, targets: [{ region, ...targetOf(name) }] },
    ]),
  );
  const models = { rain: { canary: plan, routing: { warmShare: 0 }, versions } };
  return startTestGateway(t, { models, ...more }, { logLevel: 'error', simulator: { containers, endpoints } });
}

const endOf = async (gateway: TestGateway) => {
  const now = await canaryApi(gateway).status();
  return now?.state === 'promoted' || now?.state === 'rolled-back' || now?.state === 'held';
};

for (const [what, targetOf] of Object.entries(kinds)) {
  test(`canaries by ${what}: one that fails is rolled back, a good one promoted`, async t => {
    const gateway = await gatewayOf(t, targetOf);
    const { post, status } = canaryApi(gateway);
    await post('start', { model: 'rain', version: 'v3' });
    const during = await callUntil(gateway, () => endOf(gateway));
    t.match(await status(), { state: 'rolled-back' }, JSON.stringify(await status()));
    t.ok(
      during.every(({ status: code, version }) => code === 200 && version === 'v1'),
      'stable answered for it',
    );
    await post('start', { model: 'rain', version: 'v2' });
    const got = await callUntil(gateway, () => endOf(gateway));
    t.match(await status(), { state: 'promoted' }, JSON.stringify(await status()));
    t.ok(got.every(({ status: code }) => code === 200));
    t.same(new Set(got.map(({ version }) => version)), new Set(['v1', 'v2']));
  });
}

test('canaries by asynchronous endpoints are judged by what became of the jobs they took', async t => {
  const targetOf = (version: string) => ({ kind: 'sagemaker-async', endpoint: `async-${version}` });
  const guards = { ...quickPlan.guards, errors: { marginPoints: 45 } };
  const plan = { ...quickPlan, steps: [50, 100], guards };
  const gateway = await gatewayOf(t, targetOf, { jobs: jobsConfig([region], { maxResubmissions: 3 }) }, plan);
  const { post, status } = canaryApi(gateway);
  const jobs = jobsClient(gateway);
  const work = async () => {
    const endsAt = performance.now() + 40_000;
    while (!(await endOf(gateway)) && performance.now() < endsAt)
      await Promise.all(Array.from({ length: 40 }, () => jobs.create('x')));
  };
  await post('start', { model: 'rain', version: 'v3' });
  await work();
  t.match(await status(), { state: 'rolled-back' }, JSON.stringify(await status()));
  await post('start', { model: 'rain', version: 'v2' });
  await work();
  t.match(await status(), { state: 'promoted' }, JSON.stringify(await status()));
});

/** A plain chat through the gateway; resolves to who answered. */
async function chat(gateway: TestGateway): Promise<{ status: number; version: string | null; target: string | null }> {
  const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'rain', stream: true, messages: [{ role: 'user', content: 'count to 3' }] }),
  });
  await response.text();
  const { headers } = response;
  return {
    status: response.status,
    version: headers.get('x-meridian-model-version'),
    target: headers.get('x-meridian-target'),
  };
}

test('canaries by models of Bedrock, over streamed chats', async t => {
  const ids: Readonly<Record<string, string>> = {
    ...{ v1: 'demo.assistant-v1:0', v2: 'us.demo.assistant-v2:0', v3: 'us.demo.assistant-v1:0' },
  };
  const gateway = await gatewayOf(t, version => ({ kind: 'bedrock', modelId: ids[version] }));
  await gateway.simulator.faults.add({ region, kind: 'error', endpoint: 'us.demo.assistant-v1:0' });
  const { post, status } = canaryApi(gateway);
  const work = async () => {
    const got: Awaited<ReturnType<typeof chat>>[] = [];
    const endsAt = performance.now() + 40_000;
    while (!(await endOf(gateway)) && performance.now() < endsAt)
      got.push(...(await Promise.all(Array.from({ length: 8 }, () => chat(gateway)))));
    return got;
  };
  await post('start', { model: 'rain', version: 'v3' });
  const during = await work();
  t.equal((await status())?.state, 'rolled-back', JSON.stringify(await status()));
  t.ok(during.every(({ status: code, version }) => code === 200 && version === 'v1'));
  await post('start', { model: 'rain', version: 'v2' });
  const explained = await (await fetch(`${gateway.urls.admin}/admin/explain?model=rain`)).text();
  t.match(explained, /v2 is on trial/);
  const got = await work();
  t.equal((await status())?.state, 'promoted', JSON.stringify(await status()));
  t.same(new Set(got.map(({ status: code, version }) => `${code} ${version}`)), new Set(['200 v1', '200 v2']));
  t.equal(new Set(got.map(({ target }) => target)).size, 2);
});
