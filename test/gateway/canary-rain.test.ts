import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import { rainSample } from '../../sim/models/samples.ts';
import { loadConfig } from '../../src/config/load.ts';
import { seededRandom } from '../../src/core/random.ts';
import { callUntil, canaryApi, canaryModel } from '../helpers/canary.ts';
import { startTestGateway } from '../helpers/gateway.ts';

/** The demo's plan, with less patience. */
function demoPlan() {
  const loaded = loadConfig(fileURLToPath(new URL('../../config/demo.yaml', import.meta.url)), {});
  if (!loaded.ok) throw new Error('the demo’s config loads');
  return { ...loaded.resolved.config.models['rain']?.canary, bakeMs: 200, lookEveryMs: 250 };
}

/** What becomes of a version of the stand-in's rain model, which really predicts. */
async function tryVersion(t: Test, version: string) {
  const model = canaryModel({ canary: demoPlan() }, ['us-east-1', 'us-west-2']);
  const gateway = await startTestGateway(
    t,
    { models: { rain: model } },
    { simulator: { containers }, logLevel: 'error' },
  );
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version });
  const random = seededRandom(3);
  const ended = async () => !['stepping', 'frozen'].includes((await status())?.state ?? '');
  const json: typeof gateway.call = (name, options = {}) =>
    gateway.call(name, { ...options, headers: { ...options.headers, 'content-type': 'application/json' } });
  await callUntil({ call: json }, ended, {
    body: () => String(rainSample(random).body),
    mostMs: 120_000,
    sessions: 5_000,
  });
  return status();
}

test('the better rain model is promoted', async t => {
  const last = await tryVersion(t, 'v2');
  t.equal(last?.state, 'promoted', `${last?.reason}`);
});

test('the broken one, which never fails, is rolled back for what it predicts', async t => {
  const last = await tryVersion(t, 'v3');
  t.match(last, { state: 'rolled-back', reason: /^predictions: / }, `${last?.reason}`);
  t.equal(last?.canary.errors, 0);
});
