import { createHash } from 'node:crypto';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type Test, test } from 'tap';
import { failure, rawPost, signedHeaders } from '../helpers/aws-clients.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { admin, type IssuedPair, issue, issuing } from '../helpers/issuing.ts';
import { stateDir } from '../helpers/state-dir.ts';

const models = { rain: simpleModel(['us-east-1']), snow: simpleModel(['us-east-1']) };
const start = (t: Test, auth = issuing) => startTestGateway(t, { auth, models });

function clientOf(t: Test, gateway: TestGateway, pair: IssuedPair, region = 'eu-central-1'): SageMakerRuntimeClient {
  const credentials = { accessKeyId: pair.id, secretAccessKey: pair.secret };
  const client = new SageMakerRuntimeClient({ region, endpoint: gateway.urls.data, credentials, maxAttempts: 1 });
  t.teardown(() => client.destroy());
  return client;
}

const invoke = (client: SageMakerRuntimeClient, EndpointName = 'rain') =>
  client.send(new InvokeEndpointCommand({ EndpointName, Body: Buffer.from('hello'), ContentType: 'text/plain' }));

const lastRequest = (gateway: TestGateway) => gateway.log.filter(line => line['message'] === 'request').at(-1);

test('an unmodified SDK signs with an issued pair, for whatever region it likes', async t => {
  const gateway = await start(t);
  const pair = await issue(gateway);
  const answer = await invoke(clientOf(t, gateway, pair));
  t.equal(Buffer.from(answer.Body).toString(), 'hello');
  t.match(lastRequest(gateway), { tenant: 'acme', keyId: pair.id, status: 200 });
  const wrong = await failure(invoke(clientOf(t, gateway, { ...pair, secret: `${pair.secret}x` })));
  t.match(wrong, { name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } });
  t.equal(lastRequest(gateway)?.['tenant'], undefined, 'who only claims to be acme is not logged as acme');
  const unknown = await failure(invoke(clientOf(t, gateway, { ...pair, id: 'MKUNKNOWN' })));
  t.match(unknown, { name: 'UnrecognizedClientException', $metadata: { httpStatusCode: 403 } });
});

test('an SDK that signs for a wrong time learns the right one from the refusal', async t => {
  const gateway = await start(t);
  const { id: accessKeyId, secret: secretAccessKey } = await issue(gateway);
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId, secretAccessKey },
    systemClockOffset: -1_800_000,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  t.match(await failure(invoke(client)), { name: 'InvalidSignatureException', message: /Signed at 20.*five minutes/ });
  t.equal((await invoke(client)).$metadata.httpStatusCode, 200);
});

test('keys and revocations survive a restart', async t => {
  const config = { auth: issuing, models, stateDir: stateDir(t) };
  const before = await startTestGateway(t, config);
  const [kept, lost] = [await issue(before), await issue(before)];
  await admin(before, 'keys/revoke', { id: lost.id });
  await before.app.shutdown();
  const after = await startTestGateway(t, config, { running: before.simulator });
  t.equal((await invoke(clientOf(t, after, kept))).$metadata.httpStatusCode, 200);
  t.match(await failure(invoke(clientOf(t, after, lost))), { name: 'UnrecognizedClientException' });
});

test('the same key, whichever way it comes, is the same tenant under the same policy', async t => {
  const gateway = await start(t);
  const pair = await issue(gateway, { tenant: 'acme', models: ['rain'] });
  const ways = [{ 'x-api-key': pair.secret }, { authorization: `Bearer ${pair.secret}` }];
  for (const headers of ways) {
    t.equal((await gateway.call('rain', { headers })).status, 200);
    t.match(lastRequest(gateway), { tenant: 'acme', keyId: pair.id });
    t.equal((await gateway.call('snow', { headers })).status, 403);
  }
  t.equal((await invoke(clientOf(t, gateway, pair))).$metadata.httpStatusCode, 200);
  t.match(await failure(invoke(clientOf(t, gateway, pair), 'snow')), { name: 'AccessDeniedException' });
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': pair.id } })).status, 403, 'the id is no key');
});

test('a changed call is refused before any target is asked, with a body’s hash written down or not', async t => {
  const gateway = await start(t);
  const { id: accessKeyId, secret: secretAccessKey } = await issue(gateway);
  const credentials = { accessKeyId, secretAccessKey };
  const path = '/endpoints/rain/invocations';
  const sign = (more = {}) => signedHeaders(gateway.urls.data, { path, body: 'hello', credentials, ...more });
  const { 'x-amz-content-sha256': _, ...bare } = await sign();
  t.equal((await rawPost(gateway.urls.data, path, await sign(), 'hello')).status, 200);
  const before = gateway.simulator.stats().regions['us-east-1']?.total;
  const attempts: Record<string, [string, Record<string, string>, string]> = {
    'another body': [path, await sign(), 'hellp'],
    'no body': [path, await sign(), ''],
    'another path': ['/endpoints/snow/invocations', await sign(), 'hello'],
    'a query': [`${path}?a=b`, await sign(), 'hello'],
    'another host': [path, { ...(await sign()), host: 'elsewhere' }, 'hello'],
    'another date': [path, { ...(await sign()), 'x-amz-date': '20250101T000000Z' }, 'hello'],
    'an added header': [path, { ...(await sign()), 'x-amzn-sagemaker-target-variant': 'v' }, 'hello'],
    'an older time': [path, await sign({ signedAt: new Date(Date.now() - 301_000) }), 'hello'],
    'a time to come': [path, await sign({ signedAt: new Date(Date.now() + 305_000) }), 'hello'],
    'another service': [path, await sign({ service: 's3' }), 'hello'],
    'another region’s scope': [
      path,
      { ...(await sign()), authorization: String((await sign())['authorization']).replace('us-east-1', 'eu-west-1') },
      'hello',
    ],
    'a header that was signed and is not there': [path, bare, 'hello'],
  };
  for (const [what, [url, headers, body]] of Object.entries(attempts)) {
    const answer = await rawPost(gateway.urls.data, url, headers, body);
    t.match([answer.status, answer.headers['x-amzn-errortype']], [403, 'InvalidSignatureException'], what);
    t.ok(answer.headers.date, 'SDKs mend their clock by it');
  }
  t.equal(gateway.simulator.stats().regions['us-east-1']?.total, before);
});

test('who forges a signature learns nothing of models and keys', async t => {
  const gateway = await start(t);
  const { id: accessKeyId, secret } = await issue(gateway, { tenant: 'acme', models: ['rain'] });
  for (const hashHeader of [true, false]) {
    const post = async (model: string, secretAccessKey: string) => {
      const path = `/endpoints/${model}/invocations`;
      const credentials = { accessKeyId, secretAccessKey };
      const headers = await signedHeaders(gateway.urls.data, { path, body: 'hello', credentials, hashHeader });
      const { status, body, headers: told } = await rawPost(gateway.urls.data, path, headers, 'hello');
      return [status, told['x-amzn-errortype'], String(body)];
    };
    const [allowed, other, unknown] = [await post('rain', 'x'), await post('snow', 'x'), await post('hail', 'x')];
    t.match(allowed, [403, 'InvalidSignatureException']);
    t.same([other, unknown], [allowed, allowed], 'the same for every model');
    t.match(await post('snow', secret), [403, 'AccessDeniedException']);
    t.same(await post('hail', secret), await post('snow', secret), 'what it may not call may be there or not');
  }
});

test('rotation: two secrets, then one; revocation: none', async t => {
  const gateway = await start(t);
  const old = await issue(gateway);
  const works = async (pair: IssuedPair) => {
    const signed = await invoke(clientOf(t, gateway, pair)).then(
      () => true,
      () => false,
    );
    const byKey = (await gateway.call('rain', { headers: { 'x-api-key': pair.secret } })).status === 200;
    t.equal(signed, byKey, 'as a pair and as a key alike');
    return signed;
  };
  const fresh = (await admin(gateway, 'keys/rotate', { id: old.id })).body as unknown as IssuedPair;
  t.equal(fresh.id, old.id);
  t.same([await works(old), await works(fresh)], [true, true]);
  t.match(await admin(gateway, 'keys/rotate', { id: old.id }), {
    status: 400,
    body: { error: { message: /--finish/ } },
  });
  await admin(gateway, 'keys/rotate', { id: old.id, finish: true });
  t.same([await works(old), await works(fresh)], [false, true]);
  const newest = (await admin(gateway, 'keys/rotate', { id: old.id, overlapSeconds: 0 })).body as unknown as IssuedPair;
  t.same([await works(fresh), await works(newest)], [false, true], 'without overlap the older one ends at once');
  t.equal((await admin(gateway, 'keys/revoke', { id: old.id })).status, 200);
  t.equal(await works(newest), false);
  t.match(await admin(gateway, 'keys/rotate', { id: old.id }), {
    status: 400,
    body: { error: { message: /revoked/ } },
  });
  t.match(await admin(gateway, 'keys/revoke', { id: 'nobody' }), { status: 404 });
  t.match((await admin(gateway, 'keys')).body, { keys: [{ id: old.id, state: 'revoked', lastUsedAt: /^20/ }] });
});

test('under anonymous, whoever is not known is anonymous, and the demo’s pair is known', async t => {
  const gateway = await start(t, { anonymous: true, keys: [{ id: 'demo', secret: 'demo', tenant: 'demo' }] });
  const tenantOf = async (pair: IssuedPair) => {
    await invoke(clientOf(t, gateway, pair));
    return lastRequest(gateway)?.['tenant'];
  };
  t.equal(await tenantOf({ id: 'demo', secret: 'demo' }), 'demo');
  t.equal(await tenantOf({ id: 'demo', secret: 'wrong' }), 'anonymous');
  t.equal(await tenantOf({ id: 'AKIDEXAMPLE', secret: 'any' }), 'anonymous');
  for (const [headers, tenant] of [
    [{ 'x-api-key': 'demo' }, 'demo'],
    [{ authorization: 'Bearer demo' }, 'demo'],
    [{ 'x-api-key': 'guess' }, 'anonymous'],
    [{ authorization: 'AWS4-HMAC-SHA256 rubbish' }, 'anonymous'],
    [{}, 'anonymous'],
  ] as const) {
    t.equal((await gateway.call('rain', { headers })).status, 200);
    t.equal(lastRequest(gateway)?.['tenant'], tenant);
  }
  t.match(await admin(gateway, 'keys/create', { tenant: 'a' }), {
    status: 400,
    body: { error: { message: /encryptionKey/ } },
  });
});

test('a signature that fails only at the body leaves an anonymous caller, under that tenant’s policy', async t => {
  const gateway = await startTestGateway(t, {
    auth: { anonymous: true, keys: [{ id: 'demo', secret: 'demo', tenant: 'demo' }] },
    tenants: { anonymous: { models: ['snow'] } },
    models,
  });
  const post = async (model: string, secretAccessKey: string) => {
    const path = `/endpoints/${model}/invocations`;
    const credentials = { accessKeyId: 'demo', secretAccessKey };
    // As boto3 signs: the body's hash is in the signature, and nowhere else.
    const headers = await signedHeaders(gateway.urls.data, { path, body: 'hello', credentials, hashHeader: false });
    t.notOk('x-amz-content-sha256' in headers);
    return (await rawPost(gateway.urls.data, path, headers, 'hello')).status;
  };
  t.equal(await post('rain', 'demo'), 200);
  t.equal(lastRequest(gateway)?.['tenant'], 'demo');
  t.equal(await post('rain', 'wrong'), 403);
  t.equal(await post('snow', 'wrong'), 200);
  t.equal(lastRequest(gateway)?.['tenant'], 'anonymous');
});

test('a key of the config that is only a digest is no pair', async t => {
  const sha256 = createHash('sha256').update('a-long-enough-secret').digest('hex');
  const gateway = await start(t, { keys: [{ id: 'digest', sha256, tenant: 'acme' }] });
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': 'a-long-enough-secret' } })).status, 200);
  const pair = { id: 'digest', secret: 'a-long-enough-secret' };
  t.match(await failure(invoke(clientOf(t, gateway, pair))), { name: 'InvalidSignatureException' });
});
