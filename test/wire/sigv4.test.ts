import { createHash } from 'node:crypto';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import fc from 'fast-check';
import { test } from 'tap';
import { readSigV4, signatureHolds, signingKey, skewMs } from '../../src/wire/sigv4.ts';
import type { SignedHead } from '../../src/wire/sigv4-canonical.ts';
import { type RawRequest, signedHeaders } from '../helpers/aws-clients.ts';

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret };
const signedAt = new Date(Date.UTC(2025, 9, 20, 6, 48));
const sha256 = (body: string | Buffer) => createHash('sha256').update(body).digest('hex');

interface Call extends SignedHead {
  readonly body: Buffer;
}

/** The call as it arrives, signed by the SDK's own signer. */
async function signed(request: RawRequest): Promise<Call> {
  const { query = {}, body = '' } = request;
  const headers = await signedHeaders('http://gateway.example:8080', { credentials, signedAt, ...request });
  const pairs = Object.entries(query).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  const url = pairs.length === 0 ? request.path : `${request.path}?${pairs.join('&')}`;
  return { method: request.method ?? 'POST', url, headers, body: Buffer.from(body) };
}

const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Whether the gateway would take it; refusals of any kind are false, other errors are thrown. */
function holds(call: Call, nowWallMs = signedAt.getTime(), key = secret): boolean {
  try {
    const claim = readSigV4(call.headers, nowWallMs);
    if (claim.accessKeyId !== credentials.accessKeyId) return false;
    if (claim.announcedSha256 !== undefined && claim.announcedSha256 !== sha256(call.body)) return false;
    return signatureHolds(claim, call, signingKey(key, claim), sha256(call.body));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'bad-signature') return false;
    throw error;
  }
}

const value = fc.string({ unit: fc.constantFrom('a', 'Z', '7', ' ', '  ', ';', '=', '~', '/', ','), maxLength: 30 });
const text = fc.string({ unit: fc.constantFrom(...'abzAZ09-._~:/+ =&%*!é'), maxLength: 20 });
const name = fc
  .string({ unit: fc.constantFrom(...'abzAZ09-._~:/'), minLength: 1, maxLength: 20 })
  .filter(each => each !== '.' && each !== '..');
const calls = fc.record({
  path: name.map(model => `/model/${escaped(model)}/invoke`),
  query: fc.dictionary(
    text.filter(key => key !== ''),
    text,
    { maxKeys: 3 },
  ),
  headers: fc.record({ accept: value, 'x-amzn-sagemaker-custom-attributes': value }, { requiredKeys: [] }),
  body: fc.string({ maxLength: 40 }),
  region: fc.constantFrom('us-east-1', 'eu-west-1', 'us-gov-west-1'),
  service: fc.constantFrom('sagemaker', 'bedrock'),
});

test('every call that the SDK’s signer signed holds', async t => {
  await fc.assert(
    fc.asyncProperty(calls, async request => holds(await signed(request))),
    { numRuns: 300, seed: 3 },
  );
  t.notOk(holds(await signed({ path: '/x', service: 's3' })), 'but not for another service');
  t.notOk(holds(await signed({ path: '/x' }), signedAt.getTime(), 'another secret'));
});

/** Everything a signature covers, as one text whose bits can be flipped, and back. */
function flipped(call: Call, part: string, at: number, bit: number): Call {
  const flip = (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
    return bytes.toString('latin1');
  };
  if (part === 'method') return { ...call, method: flip(call.method) };
  if (part === 'url') return { ...call, url: flip(call.url) };
  if (part === 'body') return { ...call, body: Buffer.from(flip(call.body.toString('latin1')), 'latin1') };
  return { ...call, headers: { ...call.headers, [part]: flip(String(call.headers[part])) } };
}

test('every single-bit change is refused', async t => {
  const call = await signed({
    path: '/model/us.anthropic.claude%3A0/invoke',
    query: { first: 'a/b', second: '' },
    headers: { 'content-type': 'application/json', 'x-amzn-sagemaker-inference-id': 'a b' },
    body: '{"instances":[1]}',
  });
  t.ok(holds(call));
  let refused = 0;
  for (const part of ['method', 'url', 'body', ...Object.keys(call.headers)]) {
    const length = part in call ? String(call[part as 'url']).length : String(call.headers[part]).length;
    for (let at = 0; at < length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = flipped(call, part, at, bit);
        if (holds(changed)) t.fail(`${part}, byte ${at}, bit ${bit}: ${JSON.stringify(changed)}`);
        refused += 1;
      }
    }
  }
  t.ok(refused > 3_000);
});

test('a signature is good for five minutes either way', async t => {
  const call = await signed({ path: '/endpoints/rain/invocations' });
  for (const offMs of [-skewMs, 0, skewMs]) t.ok(holds(call, signedAt.getTime() + offMs), String(offMs));
  for (const offMs of [-skewMs - 1_000, skewMs + 1_000, 86_400_000])
    t.notOk(holds(call, signedAt.getTime() + offMs), String(offMs));
});

test('host, date and every header that changes what is served must be covered', async t => {
  const call = await signed({ path: '/endpoints/rain/invocations' });
  for (const added of ['x-amzn-sagemaker-target-variant', 'x-amz-security-token', 'x-amzn-bedrock-trace'])
    t.throws(() => readSigV4({ ...call.headers, [added]: 'v' }, signedAt.getTime()), { message: new RegExp(added) });
  for (const added of ['x-amzn-trace-id', 'x-amz-cf-id', 'x-forwarded-for', 'user-agent'])
    t.ok(holds({ ...call, headers: { ...call.headers, [added]: 'v' } }), `${added} may come from a proxy`);
  const { authorization = '', ...others } = call.headers as Record<string, string>;
  for (const [from, to] of [
    ['SignedHeaders=host;', 'SignedHeaders='],
    ['SignedHeaders=host', 'SignedHeaders=constructor;host'],
    ['SignedHeaders=host', 'SignedHeaders=__proto__;host'],
    ['/aws4_request', '/aws5_request'],
    ['Signature=', 'Signature=0'],
  ] as const) {
    t.ok(authorization.includes(from));
    t.notOk(holds({ ...call, headers: { ...others, authorization: authorization.replace(from, to) } }), to);
  }
});

test('a body’s hash may not be left out or replaced', async t => {
  const call = await signed({ path: '/endpoints/rain/invocations', body: 'hello' });
  for (const hash of ['UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', '', sha256('hello').toUpperCase()])
    t.notOk(holds({ ...call, headers: { ...call.headers, 'x-amz-content-sha256': hash } }), hash);
  t.notOk(holds({ ...call, body: Buffer.from('other') }));
});

test('no header, whatever it holds, does worse than a refusal', t => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(rest => `AWS4-HMAC-SHA256 Credential=a/20251020/us-east-1/${rest}`),
      ),
      fc.string(),
      (authorization, date) =>
        !holds({ method: 'POST', url: '/', headers: { authorization, 'x-amz-date': date }, body: Buffer.alloc(0) }),
    ),
    { numRuns: 1_000, seed: 5 },
  );
  t.pass();
  t.end();
});

test('the Bedrock client over HTTP/2, which signs :authority, holds', async t => {
  const arrived = Promise.withResolvers<Call>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    arrived.resolve({ method: request.method, url: request.url, headers: request.headers, body });
    response.end('{"output":{}}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new BedrockRuntimeClient({ region: 'eu-west-1', endpoint, credentials });
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  const messages = [{ role: 'user' as const, content: [{ text: 'hello' }] }];
  await client.send(new ConverseCommand({ modelId: 'arn:aws:bedrock:eu-west-1:1:profile/eu.nova-v1:0', messages }));
  const call = await arrived.promise;
  t.match(call.headers.authorization, /SignedHeaders=:authority;/);
  t.match(call.url, /%3A/);
  t.ok(holds(call, Date.now()));
  t.notOk(holds({ ...call, headers: { ...call.headers, ':authority': 'elsewhere' } }, Date.now()));
});
