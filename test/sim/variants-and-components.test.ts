import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { failure, invoke, runtimeClient } from '../helpers/aws-clients.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const named = (name: string): ModelContainer => ({
  predict: () => ({ status: 200, contentType: 'text/plain', body: Buffer.from(name) }),
});
const containers = { ...echoContainers, 'rain-v1': named('one'), 'rain-v2': named('two') };

test('traffic follows the weights of the variants, and the answer says which served', async t => {
  const simulator = await startTestSimulator(t, { containers, seed: 3 });
  const client = runtimeClient(t, simulator);
  const served = { v1: 0, v2: 0 };
  for (let i = 0; i < 400; i++) {
    const answer = await invoke(client, 'rain-ab');
    const variant = answer.InvokedProductionVariant === 'v1' ? 'v1' : 'v2';
    served[variant]++;
    const text = Buffer.from(answer.Body ?? []).toString();
    if (text !== { v1: 'one', v2: 'two' }[variant]) t.fail(`${variant} answered ${text}`);
  }
  // 400 draws at 10 %: mean 40, standard deviation 6; four of them either way, and the seed fixes the draws.
  t.ok(served.v2 > 16 && served.v2 < 64, `${served.v2} of 400`);
});

test('TargetVariant chooses; an unknown one is refused', async t => {
  const simulator = await startTestSimulator(t, { containers });
  const client = runtimeClient(t, simulator);
  for (let i = 0; i < 10; i++) {
    t.equal((await invoke(client, 'rain-ab', { TargetVariant: 'v2' })).InvokedProductionVariant, 'v2');
  }
  t.equal((await invoke(client, 'rain-v1', { TargetVariant: 'AllTraffic' })).InvokedProductionVariant, 'AllTraffic');
  const error = await failure(invoke(client, 'rain-ab', { TargetVariant: 'v3' }));
  t.equal(error.message, 'Variant v3 of endpoint rain-ab of account 123456789012 not found.');
});

test('an endpoint with inference components needs to be told which', async t => {
  const simulator = await startTestSimulator(t, { containers });
  const client = runtimeClient(t, simulator);
  const answer = await invoke(client, 'rain-components', { InferenceComponentName: 'rain-v2' });
  t.equal(Buffer.from(answer.Body ?? []).toString(), 'two');
  const unsaid = await failure(invoke(client, 'rain-components'));
  t.equal(unsaid.name, 'ValidationError');
  t.match(unsaid.message, 'Inference Component Name header is required');
  const unknown = await failure(invoke(client, 'rain-components', { InferenceComponentName: 'rain-v9' }));
  t.equal(unknown.name, 'ValidationError');
  t.match(unknown.message, 'Inference Component rain-v9 of account 123456789012 not found');
});
