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

/** Tries versions of the stand-in's rain model, which really predicts, one after another; resolves to their last statuses. */
async function tryVersions(t: Test, versions: readonly string[]) {
  const model = canaryModel({ canary: demoPlan() }, ['us-east-1', 'us-west-2']);
  const gateway = await startTestGateway(
    t,
    { models: { rain: model } },
    { simulator: { containers }, logLevel: 'error' },
  );
  const { post, status } = canaryApi(gateway);
  const random = seededRandom(3);
  const ended = async () => !['stepping', 'frozen'].includes((await status())?.state ?? '');
  const json: typeof gateway.call = (name, options = {}) =>
    gateway.call(name, { ...options, headers: { ...options.headers, 'content-type': 'application/json' } });
  const ends = [];
  for (const version of versions) {
    await post('start', { model: 'rain', version });
    await callUntil({ call: json }, ended, {
      body: () => String(rainSample(random).body),
      mostMs: 120_000,
      sessions: 5_000,
    });
    ends.push(await status());
  }
  return ends;
}

test('the better rain model is promoted, and the broken one, which never fails, rolled back for what it predicts', async t => {
  const [v2, v3] = await tryVersions(t, ['v2', 'v3']);
  t.match(v2, { state: 'promoted', stable: { version: 'v1' } }, `${v2?.reason}`);
  t.match(v3, { state: 'rolled-back', reason: /^predictions: /, stable: { version: 'v2' } }, `${v3?.reason}`);
  t.equal(v3?.canary.errors, 0);
});

test('the broken one is rolled back against the first version too', async t => {
  const [v3] = await tryVersions(t, ['v3']);
  t.match(v3, { state: 'rolled-back', reason: /^predictions: /, stable: { version: 'v1' } }, `${v3?.reason}`);
});
