import { test } from 'tap';
import { failure, invoke, runtimeClient } from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

async function control(url: string, method: string, path: string, body?: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: text }) });
  const answer = await response.text();
  return { status: response.status, json: answer === '' ? undefined : JSON.parse(answer) };
}

test('faults are set, listed and removed while it runs', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.controlUrl;
  const client = runtimeClient(t, simulator);
  const spec = { region: 'us-east-1', endpoint: 'rain-v1', kind: 'error', errorType: 'ServiceUnavailable', rate: 1 };
  const created = await control(url, 'POST', '/faults', spec);
  t.match(created, { status: 201, json: { id: String } });
  t.same((await control(url, 'GET', '/faults')).json, { faults: [{ id: created.json.id, ...spec }] });
  t.match(await failure(invoke(client, 'rain-v1')), { name: 'ServiceUnavailable' });
  t.equal((await control(url, 'DELETE', `/faults/${created.json.id}`)).status, 204);
  t.match(await invoke(client, 'rain-v1'), { $metadata: { httpStatusCode: 200 } });
  t.equal((await control(url, 'DELETE', `/faults/${created.json.id}`)).status, 404);

  await control(url, 'POST', '/faults', { region: 'us-east-1', kind: 'throttle' });
  await control(url, 'POST', '/faults', { region: 'us-west-2', kind: 'refuse' });
  t.equal((await control(url, 'DELETE', '/faults')).status, 204);
  t.same((await control(url, 'GET', '/faults')).json, { faults: [] });
  t.match(await invoke(runtimeClient(t, simulator, 'us-west-2'), 'rain-v1'), { $metadata: { httpStatusCode: 200 } });
});

const mistakes: readonly [body: unknown, problems: RegExp[]][] = [
  ['{', [/^expected JSON: /]],
  [[], [/^expected a JSON object$/]],
  [{}, [/^region: expected one of us-east-1, .*, got nothing$/, /^kind: expected one of refuse, /]],
  [{ region: 'mars', kind: 'slow' }, [/^region: .*, got "mars"$/]],
  [{ region: 'us-east-1', kind: 'constructor' }, [/^kind: expected one of/]],
  [{ region: 'us-east-1', kind: 'slow', colour: 1 }, [/^colour: unknown field; expected region, /]],
  [
    { region: 'us-east-1', kind: 'slow', endpoint: 'nowhere' },
    [/^endpoint: expected one of rain-v1, .*, got "nowhere"$/],
  ],
  [{ region: 'us-east-1', kind: 'refuse', endpoint: 'rain-v1' }, [/^endpoint: refuse acts on a whole region/]],
  [{ region: 'us-east-1', kind: 'throttle', rate: 1.5 }, [/^rate: expected a number above 0 and at most 1, got 1.5$/]],
  [{ region: 'us-east-1', kind: 'throttle', rate: '1' }, [/^rate: .*, got "1"$/]],
  [{ region: 'us-east-1', kind: 'refuse', rate: 0.5 }, [/^rate: refuse does not take it$/]],
  [{ region: 'us-east-1', kind: 'slow', factor: 0 }, [/^factor: expected a number above 0, got 0$/]],
  [{ region: 'us-east-1', kind: 'error', factor: 2 }, [/^factor: error does not take it$/]],
  [{ region: 'us-east-1', kind: 'flap', periodMs: 1 }, [/^periodMs: expected at least 10 ms, got 1$/]],
  [
    { region: 'us-east-1', kind: 'error', errorType: 'Oops' },
    [/^errorType: expected one of InternalFailure, .*, got "Oops"$/],
  ],
  [{ region: 'us-east-1', kind: 'slow', errorType: 'ModelError' }, [/^errorType: slow does not take it$/]],
  [
    { region: 'us-east-1', kind: 'slow', durationMs: 0 },
    [/^durationMs: expected a number of milliseconds above 0, got 0$/],
  ],
];

test('every mistake in a fault is a 400 that names it, and nothing is set', async t => {
  const simulator = await startTestSimulator(t);
  for (const [body, problems] of mistakes) {
    const { status, json } = await control(simulator.controlUrl, 'POST', '/faults', body);
    t.equal(status, 400, JSON.stringify(body));
    t.equal(json.errors.length, problems.length);
    for (const [i, problem] of problems.entries()) t.match(json.errors[i], problem);
  }
  t.same(simulator.faults.list(), []);
});

test('stats count requests by region and endpoint, and how they ended', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  await invoke(client, 'rain-v1');
  await failure(invoke(client, 'nowhere'));
  await simulator.faults.add({ region: 'us-east-1', endpoint: 'rain-v2', kind: 'reset' });
  await failure(invoke(client, 'rain-v2'));
  await invoke(runtimeClient(t, simulator, 'eu-west-1'), 'rain-serverless');

  const { regions } = (await control(simulator.controlUrl, 'GET', '/stats')).json;
  t.match(regions['us-east-1'], { total: 3, inFlight: 0, byStatus: { 200: 1, 400: 1, cut: 1 }, sts: { total: 0 } });
  t.match(regions['us-east-1'].endpoints['rain-v1'], {
    total: 1,
    inFlight: 0,
    byStatus: { 200: 1 },
    state: { workers: 16, busy: 0 },
  });
  t.match(regions['us-east-1'].endpoints['rain-v2'], { total: 1, byStatus: { cut: 1 } });
  t.match(regions['eu-west-1'], {
    total: 1,
    byStatus: { 200: 1 },
    connections: { open: 1, accepted: 1, turnedAway: 0 },
  });
  t.match(regions['eu-west-1'].endpoints['rain-serverless'], { total: 1, state: { workers: 1, coldStarts: 1 } });
  t.match(regions['us-west-2'], { total: 0, connections: { open: 0 } });
});

test('an unknown path says which are known', async t => {
  const simulator = await startTestSimulator(t);
  const answer = await control(simulator.controlUrl, 'PUT', '/faults');
  t.equal(answer.status, 404);
  t.match(answer.json.errors[0], 'PUT /faults is not known; known are GET /stats');
});
