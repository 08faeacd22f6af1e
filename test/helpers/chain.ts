import { ListPipelineExecutionsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { Test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import { rainSample } from '../../sim/models/samples.ts';
import { seededRandom } from '../../src/core/random.ts';
import { callUntil, canaryApi, quickPlan } from './canary.ts';
import { eventually } from './eventually.ts';
import { simpleModel } from './gateway.ts';
import { type GatewayProcess, processConfig, startGatewayProcess } from './gateway-process.ts';
import { putSummer } from './season.ts';
import { startTestSimulator } from './simulator.ts';
import { stateDir } from './state-dir.ts';

const regions = ['us-west-2', 'eu-west-1'];
const bucket = 'meridian-jobs-us-west-2';
const places = { CaptureUri: `s3://${bucket}/capture/rain/`, TruthUri: `s3://${bucket}/truth/rain/` };
const retrain = {
  pollSeconds: 0.05,
  actions: [{ kind: 'pipeline', pipeline: 'rain-retrain', region: 'us-west-2', parameters: places }],
};
const canary = { ...quickPlan, steps: [50, 100] };
const newVersions = { packageGroup: 'rain', endpoint: 'rain-r{number}' };

interface Story {
  readonly id: string;
  readonly state: string;
  readonly pipeline: { readonly arn: string } | null;
  readonly timeline: readonly { readonly what: string }[];
}

const get = async <T>({ urls }: GatewayProcess, path: string) => (await (await fetch(urls.admin + path)).json()) as T;

async function story(gateway: GatewayProcess): Promise<Story | undefined> {
  const { episodes } = await get<{ episodes: { id: string }[] }>(gateway, '/admin/episodes');
  return episodes[0] && get<Story>(gateway, `/admin/episodes/${episodes[0].id}`);
}

/** Callers of the rain model, until it holds. */
function callsUntil({ urls }: GatewayProcess, holds: () => Promise<boolean>) {
  const random = seededRandom(3);
  const call = async (model: string, { headers = {} }: { headers?: Record<string, string> } = {}) => {
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
    const body = String(rainSample(random).body);
    const answer = await fetch(`${urls.data}/v1/models/${model}/invocations`, { ...init, body });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return callUntil({ call }, holds, { atOnce: 4 });
}

/**
 * A retraining from its trigger to its promotion; the gateway is killed, or ended, at every link, comes to its end, and
 * does nothing twice.
 * @param more of the config
 * @param meanwhile done each time while it is down
 */
export async function chainOfKills(t: Test, more: object = {}, meanwhile = async () => {}): Promise<void> {
  const simulator = await startTestSimulator(t, { containers });
  putSummer(simulator.objects('us-west-2'), bucket, 200);
  const models = { rain: simpleModel(regions, { retrain, newVersions, canary }) };
  const dir = stateDir(t);
  const start = () => startGatewayProcess(t, dir, processConfig(simulator, dir, regions, { models, ...more }));
  let gateway = await start();
  const again = async (how: 'kill' | 'end') => {
    await gateway[how]();
    await meanwhile();
    gateway = await start();
  };
  const trigger = async () => {
    const body = JSON.stringify({ model: 'rain', reason: 'test' });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    return (await fetch(`${gateway.urls.admin}/admin/episodes/trigger`, init)).status === 200;
  };
  const status = () => canaryApi(gateway).status();
  const reaches = (state: string) =>
    eventually(
      t,
      state,
      async () => (await story(gateway))?.state === state || (await story(gateway))?.state === 'failed',
    );

  await eventually(t, 'triggered', trigger);
  await eventually(t, 'the pipeline runs', async () => ((await story(gateway))?.pipeline ?? null) !== null);
  const before = await story(gateway);
  await again('kill');
  await reaches('canarying');
  await again('end');
  await callsUntil(gateway, async () => ((await status())?.stepCalls ?? 0) > 5);
  const counted = await status();
  await again('kill');
  const known = await status();
  const sameStep = known?.step === counted?.step;
  const [calls = 0, atLeast = 0] = [known?.stepCalls, sameStep ? counted?.stepCalls : 0];
  t.ok(known?.id === counted?.id && calls >= atLeast, `its calls are known: ${calls} of ${atLeast}`);
  await callsUntil(gateway, async () => (await status())?.state === 'promoted');
  await again('kill'); // before anybody was told
  await reaches('recovering');
  await again('end');

  const after = await story(gateway);
  t.equal(after?.id, before?.id);
  const states = (after?.timeline ?? []).map(({ what }) => what);
  for (const once of ['confirmed', 'retraining', 'retrained', 'canarying', 'recovering'])
    t.ok(states.filter(what => what === once).length === 1, `${once} once: ${states}`);
  const client = new SageMakerClient({
    ...{ region: 'us-west-2', endpoint: simulator.url('us-west-2') },
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  });
  t.teardown(() => client.destroy());
  const runs = await client.send(new ListPipelineExecutionsCommand({ PipelineName: 'rain-retrain' }));
  t.equal(runs.PipelineExecutionSummaries?.length, 1, 'one run');
  const { versions } = await get<{ versions: object[] }>(gateway, '/admin/versions');
  t.match(versions, [{ version: 'r1', canary: 'started' }]);
  t.equal(versions.length, 1);
  t.match(await status(), { canary: { version: 'r1' }, state: 'promoted', startedBy: `episode ${after?.id}` });
}
