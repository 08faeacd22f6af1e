import { test } from 'tap';
import { failure, invoke, runtimeClient } from '../helpers/aws-clients.ts';
import { hostEndpoint, tally } from '../helpers/hosted-endpoint.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const sized = {
  predict: ({ targetModel }: { targetModel?: string }) => ({
    status: 200,
    contentType: 'text/plain',
    body: Buffer.from(targetModel ?? ''),
  }),
  loadBytes: (targetModel: string) => (targetModel.startsWith('no') ? undefined : 100),
};
const spec = {
  kind: 'multi-model',
  name: 'e',
  container: 'sized',
  modelMs: 10,
  memoryBytes: 250,
  loadMs: 100,
  bytesPerMs: 10,
  loadWaitMs: 60_000,
} as const;
const host = (change: Partial<typeof spec> | { loadWaitMs: number } = {}) =>
  hostEndpoint({ ...spec, ...change }, sized);

test('the first call of a model loads it, by its size, and the next does not', async t => {
  const { call, advance, endpoint } = host();
  const first = call({ targetModel: 'a' });
  await advance(119);
  t.equal(first.state, 'waiting');
  await advance(1);
  t.equal(first.state, 'ok');
  const second = call({ targetModel: 'a' });
  await advance(10);
  t.equal(second.state, 'ok');
  t.match(endpoint.state(), { loaded: ['a'], loads: 1 });
});

test('calls for a model that is loading share the load', async t => {
  const { calls, advance, endpoint } = host();
  const all = calls(3, { targetModel: 'a' });
  await advance(120);
  t.same(tally(all), { ok: 3 });
  t.match(endpoint.state(), { loads: 1 });
});

test('a load slower than the wait gives ModelNotReadyException while it goes on', async t => {
  const { call, advance } = host({ loadWaitMs: 30 });
  const early = call({ targetModel: 'a' });
  await advance(30);
  t.equal(early.state, 'ModelNotReadyException');
  await advance(60);
  const late = call({ targetModel: 'a' });
  await advance(30);
  t.equal(late.state, 'ok', 'loaded 110 ms after the first call');
});

test('the least recently used model makes room', async t => {
  const { call, advance, endpoint } = host();
  call({ targetModel: 'a' });
  call({ targetModel: 'b' });
  await advance(120);
  call({ targetModel: 'a' });
  await advance(10);
  call({ targetModel: 'c' });
  await advance(120);
  t.match(endpoint.state(), { loaded: ['a', 'c'], loads: 3, unloads: 1 });
});

test('neither a model that is loading nor one in use is unloaded', async t => {
  const { call, advance, endpoint } = host();
  call({ targetModel: 'a' });
  call({ targetModel: 'b' });
  await advance(0);
  const whileLoading = call({ targetModel: 'c' });
  await advance(120);
  t.equal(whileLoading.state, 'ModelNotReadyException');
  const busy = [call({ targetModel: 'a' }), call({ targetModel: 'b' })];
  await advance(5);
  const whileInUse = call({ targetModel: 'c' });
  await advance(5);
  t.equal(whileInUse.state, 'ModelNotReadyException');
  t.same(tally(busy), { ok: 2 });
  t.match(endpoint.state(), { loaded: ['a', 'b'], unloads: 0 });
});

test('while nothing can be warmed, loaded models serve and others get ModelNotReadyException', async t => {
  const { call, advance, warm } = host();
  call({ targetModel: 'a' });
  await advance(120);
  warm.allowed = false;
  const [loaded, other] = [call({ targetModel: 'a' }), call({ targetModel: 'b' })];
  await advance(10);
  t.equal(loaded.state, 'ok');
  t.equal(other.state, 'ModelNotReadyException');
});

test('the target model must be given, exist, and stay below its prefix', async t => {
  const { call, advance } = host();
  const bad = [undefined, 'nothing', '../a', 'a/../b', '/a', 'a//b', './a'];
  const states = bad.map(targetModel => call(targetModel === undefined ? {} : { targetModel }));
  await advance(0);
  t.same(tally(states), { ValidationError: bad.length });
});

test('the SDK reaches a model by TargetModel, slashes and all', async t => {
  const simulator = await startTestSimulator(t, {
    containers: { sized },
    endpoints: [{ ...spec, name: 'many' }],
  });
  const client = runtimeClient(t, simulator);
  const answer = await invoke(client, 'many', { TargetModel: 'west/SEA.tar.gz' });
  t.equal(Buffer.from(answer.Body ?? []).toString(), 'west/SEA.tar.gz');
  t.match(
    (await failure(invoke(client, 'many', { TargetModel: 'no.tar.gz' }))).message,
    'Failed to download model data',
  );
});
