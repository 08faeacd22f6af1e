import fc from 'fast-check';
import { test } from 'tap';
import { createPrincipals } from '../../sim/principals.ts';
import { randomStream } from '../../sim/random.ts';
import { verifySignature } from '../../sim/sigv4.ts';
import {
  demoCredentials,
  failure,
  invoke,
  type RawRequest,
  rawPost,
  runtimeClient,
  signedHeaders,
  signedPost,
} from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const minute = 60_000;
const path = '/endpoints/rain-v1/invocations';

const wrongConfigs = [
  [
    'wrong key',
    { credentials: { accessKeyId: 'nobody', secretAccessKey: 'demo' } },
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ],
  [
    'wrong secret',
    { credentials: { accessKeyId: 'demo', secretAccessKey: 'wrong' } },
    'InvalidSignatureException',
    'The request signature we calculated does not match',
  ],
  [
    'a token nobody issued',
    { credentials: { ...demoCredentials, sessionToken: 'made up' } },
    'UnrecognizedClientException',
    'is invalid',
  ],
  [
    'wrong region',
    { region: 'us-west-2' },
    'InvalidSignatureException',
    "Credential should be scoped to a valid region, not 'us-west-2'",
  ],
] as const;

for (const [name, config, type, says] of wrongConfigs) {
  test(`an SDK with ${name} gets ${type}`, async t => {
    const simulator = await startTestSimulator(t);
    const error = await failure(invoke(runtimeClient(t, simulator, 'us-east-1', config), 'rain-v1'));
    t.equal(error.name, type);
    t.match(error.message, says);
    t.match(error['$metadata'], { httpStatusCode: 403 });
  });
}

test('a skewed clock is told so, with the Date to correct it by', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url('us-east-1');
  for (const [offsetMs, says] of [
    [-6 * minute, /Signature expired: \d{8}T\d{6}Z is now earlier than /],
    [6 * minute, /Signature not yet current: \d{8}T\d{6}Z is still later than /],
  ] as const) {
    const headers = await signedHeaders(url, { path, body: 'x', signedAt: new Date(Date.now() + offsetMs) });
    const response = await rawPost(url, path, headers, 'x');
    t.equal(response.status, 403);
    t.equal(response.headers['x-amzn-errortype'], 'InvalidSignatureException');
    t.match(response.body, says);
    t.ok(Math.abs(Date.parse(response.headers.date ?? '') - Date.now()) < minute);
  }
  const headers = await signedHeaders(url, { path, body: 'x', signedAt: new Date(Date.now() - 4 * minute) });
  t.equal((await rawPost(url, path, headers, 'x')).status, 200);
});

const tampering: readonly [
  name: string,
  tamper: (headers: Record<string, string>) => Record<string, string>,
  type: string,
  status: number,
][] = [
  ['no authorization', ({ authorization, ...rest }) => rest, 'MissingAuthenticationTokenException', 403],
  ['another algorithm', h => ({ ...h, authorization: 'Bearer abc' }), 'IncompleteSignature', 400],
  [
    'no signature',
    h => ({ ...h, authorization: (h['authorization'] ?? '').replace(/Signature=.*/, '') }),
    'IncompleteSignature',
    400,
  ],
  ['no date', ({ 'x-amz-date': _, ...rest }) => rest, 'IncompleteSignature', 400],
  ['a date that is none', h => ({ ...h, 'x-amz-date': 'yesterday' }), 'IncompleteSignature', 400],
  [
    'a scope of four parts',
    h => ({ ...h, authorization: (h['authorization'] ?? '').replace('/aws4_request', '') }),
    'IncompleteSignature',
    400,
  ],
  [
    'the date of another day',
    h => ({ ...h, authorization: (h['authorization'] ?? '').replace(/\/\d{8}\//, '/20200101/') }),
    'InvalidSignatureException',
    403,
  ],
  [
    'a signed header changed',
    h => ({ ...h, 'x-amzn-sagemaker-inference-id': 'other' }),
    'InvalidSignatureException',
    403,
  ],
  ['an x-amz header unsigned', h => ({ ...h, 'x-amz-extra': '1' }), 'InvalidSignatureException', 403],
  [
    'host unsigned',
    h => ({ ...h, authorization: (h['authorization'] ?? '').replace('host;', '') }),
    'InvalidSignatureException',
    403,
  ],
  [
    'a short signature',
    h => ({ ...h, authorization: (h['authorization'] ?? '').slice(0, -1) }),
    'InvalidSignatureException',
    403,
  ],
];

test('each way of tampering has its AWS error', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url('us-east-1');
  for (const [name, tamper, type, status] of tampering) {
    const headers = await signedHeaders(url, { path, body: 'x', headers: { 'x-amzn-sagemaker-inference-id': 'mine' } });
    const response = await rawPost(url, path, tamper(headers), 'x');
    t.equal(response.headers['x-amzn-errortype'], type, name);
    t.equal(response.status, status, name);
  }
  const headers = await signedHeaders(url, { path, body: 'x' });
  const changedBody = await rawPost(url, path, headers, 'y');
  t.equal(changedBody.headers['x-amzn-errortype'], 'InvalidSignatureException');
  const otherPath = await rawPost(url, '/endpoints/rain-v2/invocations', headers, 'x');
  t.equal(otherPath.headers['x-amzn-errortype'], 'InvalidSignatureException');
  const service = await signedHeaders(url, { path, body: 'x', service: 's3' });
  const wrongService = await rawPost(url, path, service, 'x');
  t.match(wrongService.body, "Credential should be scoped to correct service: 'sagemaker'");
});

test('whatever the SDK signer signs is accepted, and one changed byte is not', async t => {
  const principals = createPrincipals([{ ...demoCredentials, account: '1', userName: 'demo' }], [], randomStream(1));
  const scope = { region: 'us-east-1', service: 'sagemaker' };
  const word = fc.stringMatching(/^[A-Za-z0-9 _.~*!'()+/=:@,-]{1,12}$/);
  const signedAt = new Date('2025-10-20T06:48:00Z');
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z~]{1,5}$/), word, { maxKeys: 3 }),
      fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/),
      fc.string(),
      async (segments, query, value, body) => {
        const raw: RawRequest = {
          path: `/${segments.map(segment => encodeURIComponent(segment)).join('/')}`,
          query,
          headers: { 'x-amzn-sagemaker-custom-attributes': value },
          body,
          signedAt,
        };
        const headers = await signedHeaders('http://127.0.0.1:9101', raw);
        const search = Object.entries(query).map(
          ([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`,
        );
        const verify = (changedBody: string) =>
          verifySignature(
            {
              method: 'POST',
              target: search.length > 0 ? `${raw.path}?${search.join('&')}` : raw.path,
              headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, [text]])),
              body: Buffer.from(changedBody),
            },
            scope,
            signedAt.getTime(),
            principals,
          );
        t.equal(verify(body).accessKeyId, 'demo');
        t.throws(() => verify(`${body}!`), /does not match the signature/);
      },
    ),
    { seed: 20251020, numRuns: 200 },
  );
});

test('a path is verified as it came over the wire', async t => {
  const simulator = await startTestSimulator(t);
  const answer = await signedPost(simulator.url('us-east-1'), { path: '/endpoints/rain%2Fv1/invocations', body: 'x' });
  t.equal(answer.status, 400, 'signature accepted, name refused');
  t.match(answer.body, "at 'endpointName' failed to satisfy constraint");
});
