import { createHash } from 'node:crypto';
import { test } from 'tap';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const auth = {
  keys: [
    { id: 'all', sha256: sha256('key-all'), tenant: 'acme' },
    { id: 'rain', sha256: sha256('key-rain'), tenant: 'acme', models: ['rain'] },
    { id: 'eu', sha256: sha256('key-eu'), tenant: 'euro', residency: ['eu'] },
  ],
};
const models = { rain: simpleModel(), snow: simpleModel(['us-east-1']) };

test('without a known key nobody gets in, and no byte of the body is read', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  t.equal((await gateway.call('rain')).status, 403);
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': 'guess' } })).status, 403);
  t.equal((await gateway.call('rain', { headers: { authorization: 'Bearer guess' } })).status, 403);
  t.equal((await gateway.call('rain', { headers: { authorization: 'Basic a2V5' } })).status, 403);
  t.equal(
    (await gateway.call('rain', { headers: { 'x-api-key': sha256('key-all') } })).status,
    403,
    'the digest is no key',
  );
  const signed = await gateway.call('rain', { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c' } });
  t.match(JSON.parse(signed.text).error, { code: 'bad-signature', message: /let an AWS SDK sign/ });
  t.equal(gateway.simulator.stats().regions['us-east-1']?.total ?? 0, 0);
});

test('a key opens the models it names, in either header', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': 'key-rain' } })).status, 200);
  t.equal((await gateway.call('rain', { headers: { authorization: 'Bearer key-rain' } })).status, 200);
  const other = await gateway.call('snow', { headers: { 'x-api-key': 'key-rain' } });
  t.match([other.status, JSON.parse(other.text).error.code], [403, 'not-allowed']);
});

test('a key that is held to some models does not learn which others there are, in any protocol', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  const told = async (path: string, key: string, body?: (name: string) => object) => {
    const answers = ['snow', 'hail'].map(async name => {
      const answer = await fetch(`${gateway.urls.data}${path.replace(':model', name)}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body(name)) }),
      });
      return `${answer.status} ${await answer.text()}`;
    });
    const [here, not] = await Promise.all(answers);
    return {
      here: here?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ''),
      not: not?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ''),
    };
  };
  const posts = [
    '/v1/models/:model/invocations',
    '/endpoints/:model/invocations',
    '/endpoints/:model/invocations-response-stream',
    '/endpoints/:model/async-invocations',
    '/model/:model/converse',
    '/model/:model/invoke-with-response-stream',
    '/v2/models/:model/infer',
    '/v1/models/:model:predict',
    '/v1/chat/completions',
    '/v1/embeddings',
  ];
  for (const path of posts) {
    const { here, not } = await told(path, 'key-rain', model => ({ model }));
    t.match(here, /^403 /, path);
    t.equal(not, here, path);
    const all = await told(path, 'key-all', model => ({ model }));
    t.match(all.not, /^40[04] .*No model of this name/, `${path}: a key that is held to none is told`);
  }
  for (const path of [
    '/v2/models/:model',
    '/v2/models/:model/ready',
    '/v2/models/:model/versions/v9',
    '/v1/models/:model',
  ]) {
    const { here, not } = await told(path, 'key-rain');
    t.match(here, path.startsWith('/v2') ? /^403 / : /^404 /, path);
    t.equal(not, here, path);
  }
});

test('a key’s residency binds every call, and an empty intersection is an error', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  const headers = { 'x-api-key': 'key-eu' };
  for (let call = 0; call < 5; call += 1)
    t.equal((await gateway.call('rain', { headers })).headers.get('x-meridian-region'), 'eu-west-1');
  await gateway.simulator.faults.add({ region: 'eu-west-1', kind: 'error', errorType: 'InternalFailure' });
  t.equal((await gateway.call('rain', { headers })).status, 503, 'a failure never relaxes it');
  const nowhere = await gateway.call('rain', { headers: { ...headers, 'x-meridian-residency': 'us' } });
  t.match([nowhere.status, JSON.parse(nowhere.text).error.code], [400, 'no-eligible-target']);
  t.equal((await gateway.call('snow', { headers })).status, 400);
});

test('the log knows the key’s id and tenant, never the key', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  await gateway.call('rain', { headers: { 'x-api-key': 'key-rain' }, body: 'payload-in-the-body' });
  t.match(gateway.log.filter(line => line['message'] === 'request').at(-1), {
    keyId: 'rain',
    tenant: 'acme',
    status: 200,
  });
  t.notMatch(JSON.stringify(gateway.log), /key-rain|payload-in-the-body/);
});

test('explain shows what a key may reach, and what its calls then do', async t => {
  const gateway = await startTestGateway(t, { auth, models });
  const explain = async (query: string) => {
    const answer = await fetch(`${gateway.urls.admin}/admin/explain?${query}`);
    return { status: answer.status, text: await answer.text() };
  };
  const { text } = await explain('model=rain&key=eu');
  const rows: { region: string; place: number | null; excluded: string | null }[] =
    JSON.parse(text).versions[0].targets;
  t.same(
    rows.filter(row => row.place !== null).map(row => row.region),
    ['eu-west-1'],
  );
  t.ok(rows.filter(row => row.place === null).every(row => row.excluded === 'residency'));
  t.match(await explain('model=snow&key=rain'), { status: 400, text: /may not call snow: it may call rain/ });
  t.match(await explain('model=rain&key=nobody'), { status: 404, text: /No API key has the id nobody/ });
});
