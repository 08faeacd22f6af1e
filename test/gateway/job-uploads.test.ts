import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { type Test, test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, regionNames, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { asyncModel, bucketIn, jobKeys, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const mib = 1024 * 1024;

function start(t: Test, more: ConfigData = {}): Promise<TestGateway> {
  return startTestGateway(t, { models: { rain: asyncModel() }, jobs: jobsConfig(undefined, more) });
}

function nothingStored(t: Test, { simulator }: TestGateway): void {
  for (const region of regionNames) t.same(jobKeys(simulator, region), [], region);
}

/** Announces `length` bytes, sends some of them and goes away once they were taken. */
async function cutAfter(t: Test, gateway: TestGateway, length: number, sent: number): Promise<void> {
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  const head = `POST /v1/models/rain/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
  await new Promise(resolve => socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(sent)]), resolve));
  socket.destroy();
  await eventually(t, `cut after ${sent} bytes`, () =>
    gateway.log.some(line => line['message'] === 'request' && line['error'] === 'client-closed'),
  );
  gateway.log.length = 0;
}

test('an upload that its caller cuts off leaves no job and no object, wherever it is cut', async t => {
  const gateway = await start(t);
  const length = 20 * mib;
  for (const sent of [0, 1, 8 * mib - 1, 8 * mib, 8 * mib + 1, 16 * mib + 1, length - 1])
    await cutAfter(t, gateway, length, sent);
  await cutAfter(t, gateway, 10, 9);
  nothingStored(t, gateway);
  t.equal(gateway.app.parts.admission.heldBytes, 0, 'and no memory');
});

test('buckets that fail midway answer 503, which may be repeated, and leave no job', async t => {
  const gateway = await start(t);
  const failMidway = async function* () {
    yield Buffer.alloc(9 * mib);
    for (const region of regionNames)
      await gateway.simulator.faults.add({ region, kind: 's3-error', errorType: 'AccessDenied' });
    yield Buffer.alloc(9 * mib);
  };
  const response = await jobsClient(gateway).post(ReadableStream.from(failMidway()));
  t.equal(response.status, 503);
  t.ok(Number(response.headers.get('retry-after')) > 0);
  t.match(await response.json(), { error: { code: 'upstream-failed', message: /0 of 2 regions/ } });
  await gateway.simulator.faults.clear();
  nothingStored(t, gateway);
});

test('a region that fails midway is made up for by another, before the job is accepted', async t => {
  const gateway = await start(t);
  const payload = Buffer.alloc(20 * mib, 'abcdefg');
  const failMidway = async function* () {
    yield payload.subarray(0, 9 * mib);
    await gateway.simulator.faults.add({ region: 'us-west-2', kind: 's3-error', errorType: 'AccessDenied' });
    yield payload.subarray(9 * mib);
  };
  const response = await jobsClient(gateway).post(ReadableStream.from(failMidway()));
  t.equal(response.status, 202);
  const { id, copies } = (await response.json()) as { id: string; copies: string[] };
  t.same(copies, ['us-east-1', 'eu-west-1']);
  for (const region of copies) {
    const { body } = gateway.simulator.objects(region).get(bucketIn(region), `meridian/jobs/${id}/input`);
    t.ok(body.equals(payload), `whole in ${region}`);
  }
});

test('large parts find their region by the gateway’s own name lookup too', async t => {
  const simulator = await startTestSimulator(t);
  const named = (region: string) => {
    const { port } = new URL(simulator.url(region));
    const at = (service: string) => `http://${service}.${region}.sim.test:${port}`;
    return [
      region,
      { endpoints: { sagemakerRuntime: at('runtime.sagemaker'), sts: at('sts'), s3: at('s3') } },
    ] as const;
  };
  const config = {
    regions: Object.fromEntries(regionNames.map(named)),
    connections: { dns: { servers: [`127.0.0.1:${simulator.dnsPort}`] } },
    models: { rain: asyncModel() },
    jobs: jobsConfig(),
  };
  const gateway = await startTestGateway(t, config, { running: simulator });
  const response = await jobsClient(gateway).post(ReadableStream.from([Buffer.alloc(9 * mib)]));
  t.equal(response.status, 202, await response.text());
});

test('too few regions: not accepted, and what was stored is removed', async t => {
  const gateway = await start(t);
  for (const region of regionNames.slice(1))
    await gateway.simulator.faults.add({ region, kind: 's3-error', errorType: 'AccessDenied' });
  const response = await jobsClient(gateway).post('x');
  t.equal(response.status, 503);
  t.match(await response.text(), /1 of 2 regions/);
  nothingStored(t, gateway);
});

test('a large payload is the same at the other end, and is never held whole', async t => {
  const gateway = await start(t, { maxInputBytes: 100 * mib });
  const chunk = Buffer.alloc(mib, 'x');
  const expected = createHash('sha256');
  let most = 0;
  const chunks = async function* () {
    for (let index = 0; index < 100; index += 1) {
      chunk.writeUInt32BE(index);
      expected.update(chunk);
      most = Math.max(most, gateway.app.parts.admission.heldBytes);
      yield Buffer.from(chunk);
    }
  };
  const response = await jobsClient(gateway).post(ReadableStream.from(chunks()));
  t.equal(response.status, 202);
  const { id } = (await response.json()) as { id: string };
  const { body } = gateway.simulator.objects('us-west-2').get(bucketIn('us-west-2'), `meridian/jobs/${id}/input`);
  t.equal(createHash('sha256').update(body).digest('hex'), expected.digest('hex'));
  t.equal(most, 32 * mib, 'four parts are accounted for');
  await jobsClient(gateway).until(t, id, 'completed');
  const result = createHash('sha256');
  const answer = await jobsClient(gateway).result(id);
  t.equal(answer.headers.get('content-length'), String(100 * mib));
  for await (const bytes of answer.body ?? []) result.update(bytes);
  t.equal(result.digest('hex'), createHash('sha256').update(body).digest('hex'));
});

test('what is too large, for no model, or for one without a queue is refused', async t => {
  const gateway = await start(t, { maxInputBytes: mib });
  const { post } = jobsClient(gateway);
  t.equal((await post(Buffer.alloc(mib + 1).toString())).status, 413, 'announced');
  const unannounced = ReadableStream.from([Buffer.alloc(mib), Buffer.alloc(1)]);
  t.equal((await post(unannounced)).status, 413, 'found out');
  t.equal((await post('x', {}, 'snow')).status, 400);
  nothingStored(t, gateway);
  const none = await startTestGateway(t, { models: { rain: asyncModel() } });
  t.equal((await jobsClient(none).post('x')).status, 404, 'where there are no buckets there are no jobs');
});

test('uploads that announce much and send little keep nobody out', async t => {
  const gateway = await start(t);
  const { admission } = gateway.app.parts;
  const idle = Array.from({ length: 9 }, () => {
    const leave = new AbortController();
    const head = { method: 'POST', duplex: 'half', signal: leave.signal } as const;
    const body = new ReadableStream({ start: controller => controller.enqueue(Buffer.from('x')) });
    const headers = { 'content-type': 'text/csv' };
    void fetch(`${gateway.urls.data}/v1/models/rain/jobs`, { ...head, headers, body }).catch(() => undefined);
    return leave;
  });
  await eventually(t, 'all are under way', () => admission.heldBytes >= 9);
  t.ok(admission.heldBytes < 1_000, `${admission.heldBytes} bytes are held`);
  t.equal((await jobsClient(gateway).post('x')).status, 202);
  for (const leave of idle) leave.abort();
  await eventually(t, 'all is given back', () => admission.heldBytes === 0);
});
