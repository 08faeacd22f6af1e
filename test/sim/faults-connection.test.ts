import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { type Test, test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import { failure, invoke, runtimeClient, signedHeaders } from '../helpers/aws-clients.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const region = 'us-east-1';
const path = '/endpoints/rain-v1/invocations';

/** Opens a connection and says how that went. */
async function tryConnect(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  } finally {
    socket.destroy();
  }
}

/** Requests over one kept-alive connection. */
function keepAlive(t: Test, simulator: Simulator) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const url = simulator.url(region);
  return async (body = 'x'): Promise<{ response: IncomingMessage; reused: boolean }> => {
    const headers = await signedHeaders(url, { path, body });
    const sent = request(url, { path, method: 'POST', headers, agent });
    sent.end(body);
    const [response] = await once(sent, 'response');
    sent.on('error', () => {}); // the response says it too
    return { response, reused: sent.reusedSocket };
  };
}

test('refuse closes the port and resets connections; removing it opens the same port', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url(region);
  const open = connect(Number(new URL(url).port), '127.0.0.1');
  await once(open, 'connect');
  const broken = once(open, 'error');
  const id = await simulator.faults.add({ region, kind: 'refuse' });
  t.match(await broken, [{ code: 'ECONNRESET' }]);
  t.equal(await tryConnect(url), 'ECONNREFUSED');
  t.equal((await invoke(runtimeClient(t, simulator, 'us-west-2'), 'rain-v1')).$metadata.httpStatusCode, 200);
  await simulator.faults.remove(id);
  t.equal((await invoke(runtimeClient(t, simulator), 'rain-v1')).$metadata.httpStatusCode, 200);
});

test('refuse cuts what is in flight', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock, latencyScale: 1 });
  const call = failure(invoke(runtimeClient(t, simulator), 'rain-v1'));
  while (simulator.stats().regions[region]?.inFlight !== 1) await new Promise(setImmediate);
  await simulator.faults.add({ region, kind: 'refuse' });
  t.match(await call, { code: 'ECONNRESET' });
});

test('new-connections resets new connections while pooled ones live', async t => {
  const simulator = await startTestSimulator(t);
  const send = keepAlive(t, simulator);
  const first = await send();
  await first.response.resume().toArray();
  await new Promise(setImmediate); // the agent takes the connection back
  await simulator.faults.add({ region, kind: 'new-connections' });
  const pooled = await send();
  t.equal(pooled.response.statusCode, 200);
  t.equal(pooled.reused, true);
  t.match(await failure(invoke(runtimeClient(t, simulator), 'rain-v1')), { code: 'ECONNRESET' });
  t.match(simulator.stats().regions[region]?.connections, { open: 1, accepted: 1, turnedAway: 1 });
});

test('black-hole accepts and never answers, by region or by endpoint', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  const left = new AbortController();
  const abandon = (endpoint: string) =>
    failure(
      client.send(new InvokeEndpointCommand({ EndpointName: endpoint, Body: 'x' }), { abortSignal: left.signal }),
    );
  await simulator.faults.add({ region, endpoint: 'rain-v1', kind: 'black-hole' });
  const one = abandon('rain-v1');
  while (simulator.stats().regions[region]?.inFlight !== 1) await new Promise(setImmediate);
  t.equal((await invoke(client, 'rain-v2')).$metadata.httpStatusCode, 200);
  t.equal(simulator.stats().regions[region]?.inFlight, 1, 'still waiting when a later call was answered');

  await simulator.faults.add({ region, kind: 'black-hole' });
  t.equal(await tryConnect(simulator.url(region)), 'connected');
  const two = abandon('rain-v2');
  while (simulator.stats().regions[region]?.inFlight !== 2) await new Promise(setImmediate);
  left.abort();
  t.match([await one, await two], [{ name: 'AbortError' }, { name: 'AbortError' }]);
});

test('reset promises a body and cuts it in the middle', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region, endpoint: 'rain-v1', kind: 'reset' });
  const { response } = await keepAlive(t, simulator)('0123456789');
  t.equal(response.statusCode, 200);
  t.equal(response.headers['content-length'], '10');
  const chunks: Buffer[] = [];
  response.on('data', chunk => chunks.push(chunk));
  t.match(await failure(once(response, 'end')), { code: 'ECONNRESET' });
  t.equal(Buffer.concat(chunks).toString(), '01234');
  t.equal((await invoke(runtimeClient(t, simulator), 'rain-v2')).$metadata.httpStatusCode, 200);
});

test('a flapping region is down for the first half of each period', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock });
  const url = simulator.url(region);
  await simulator.faults.add({ region, kind: 'flap', periodMs: 1_000 });
  const seen: string[] = [await tryConnect(url)];
  for (let half = 1; half <= 4; half++) {
    clock.advance(500);
    await simulator.settled();
    seen.push(await tryConnect(url));
  }
  t.same(seen, ['ECONNREFUSED', 'connected', 'ECONNREFUSED', 'connected', 'ECONNREFUSED']);
});

test('a fault with a duration removes itself and the port opens again', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock });
  await simulator.faults.add({ region, kind: 'refuse', durationMs: 2_000 });
  clock.advance(1_999);
  await simulator.settled();
  t.equal(await tryConnect(simulator.url(region)), 'ECONNREFUSED');
  clock.advance(1);
  await simulator.settled();
  t.equal(await tryConnect(simulator.url(region)), 'connected');
  t.same(simulator.faults.list(), []);
});

test('two faults on one region end one by one', async t => {
  const simulator = await startTestSimulator(t);
  const first = await simulator.faults.add({ region, kind: 'refuse' });
  await simulator.faults.add({ region, kind: 'refuse' });
  await simulator.faults.remove(first);
  t.equal(await tryConnect(simulator.url(region)), 'ECONNREFUSED');
  await simulator.faults.clear();
  t.equal(await tryConnect(simulator.url(region)), 'connected');
});
