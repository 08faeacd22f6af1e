import { lookup as systemLookup } from 'node:dns';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { s3Store } from '../../src/backends/s3-store.ts';
import { systemClock } from '../../src/core/clock.ts';

const whole = Buffer.from('0123456789'.repeat(10));

/** A bucket whose connections break off as `answer` says. */
async function bucket(t: Test, answer: (request: IncomingMessage, response: ServerResponse, call: number) => void) {
  let calls = 0;
  const server = createServer((request, response) => answer(request, response, ++calls));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = s3Store({
    clock: systemClock,
    siteOf: () => ({ url, identity: 'i' }),
    credentialsOf: () => ({ accessKeyId: 'demo', secretAccessKey: 'demo' }),
    lookup: systemLookup,
  });
  t.teardown(() => {
    store.stop();
    server.close();
  });
  return store;
}

async function read(store: Awaited<ReturnType<typeof bucket>>): Promise<string> {
  const found = await store.get({ region: 'us-east-1', bucket: 'a-bucket', key: 'k' });
  const chunks: Buffer[] = [];
  for await (const chunk of found?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sends what was asked for, but breaks off after some bytes. */
function partly(request: IncomingMessage, response: ServerResponse, bytes: number): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from === 0 ? 200 : 206, { etag: '"e"', 'content-length': whole.length - from });
  const part = whole.subarray(from, from + bytes);
  if (from + part.length === whole.length) response.end(part);
  else response.write(part, () => setImmediate(() => response.destroy()));
}

test('an object whose connections break off is read on from where they did', async t => {
  const asked: unknown[] = [];
  const store = await bucket(t, (request, response) => {
    asked.push([request.headers.range, request.headers['if-match']]);
    partly(request, response, 40);
  });
  t.equal(await read(store), whole.toString());
  t.same(asked, [
    [undefined, undefined],
    ['bytes=40-', '"e"'],
    ['bytes=80-', '"e"'],
  ]);
});

test('an object that changed meanwhile is broken off, not spliced', async t => {
  const store = await bucket(t, (request, response, call) => {
    if (call === 1) partly(request, response, 40);
    else response.writeHead(412).end();
  });
  await t.rejects(read(store));
});

test('an object that gives no more bytes is given up', async t => {
  const store = await bucket(t, (request, response, call) => partly(request, response, call === 1 ? 40 : 0));
  await t.rejects(read(store));
});
