import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'tap';
import { type SigningInput, sigV4Signer } from '../../src/backends/signing.ts';
import { signedHeaders } from '../helpers/aws-clients.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const host = 'runtime.sagemaker.us-east-1.amazonaws.com';
const body = '{"instances":[1]}';
const base: SigningInput = {
  method: 'POST',
  path: '/endpoints/rain-v1/invocations',
  host,
  region: 'us-east-1',
  headers: ['accept', 'application/json', 'content-type', 'application/json', 'x-amzn-sagemaker-target-variant', 'v1'],
  bodySha256: createHash('sha256').update(body).digest('hex'),
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
};

function asRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) record[flat[at] ?? ''] = flat[at + 1] ?? '';
  return record;
}

/** The same request signed by the SDK's own signer. */
function bySdk(input: SigningInput, signedAt: Date): Promise<Record<string, string>> {
  return signedHeaders(`https://${host}`, {
    path: input.path,
    headers: { ...asRecord(input.headers), 'x-amz-content-sha256': input.bodySha256 },
    body,
    region: input.region,
    credentials: input.credentials,
    signedAt,
  });
}

const header = fc.string({ unit: fc.constantFrom('a', 'Z', '7', ' ', '  ', '\t', ';', '=', '~', '/'), maxLength: 40 });
const names = ['accept', 'content-type', 'x-amzn-sagemaker-custom-attributes', 'x-amzn-sagemaker-inference-id'];
const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019/+='), minLength: 1, maxLength: 40 });

test('every signature is the one the SDK would make', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        endpoint: fc.stringMatching(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,20}$/),
        values: fc.tuple(...names.map(() => fc.option(header, { nil: undefined }))),
        keys: fc.record({ accessKeyId: word, secretAccessKey: word }),
        sessionToken: fc.option(word, { nil: undefined }),
        region: fc.constantFrom('us-east-1', 'eu-west-1', 'cn-north-1'),
        wallMs: fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 0) }),
      }),
      async ({ endpoint, values, keys, sessionToken, region, wallMs }) => {
        const input: SigningInput = {
          ...base,
          path: `/endpoints/${endpoint}/invocations`,
          headers: names.flatMap((name, at) => (values[at] === undefined ? [] : [name, values[at]])),
          region,
          credentials: { ...keys, ...(sessionToken !== undefined && { sessionToken }) },
        };
        const ours = asRecord(sigV4Signer('sagemaker', manualClock(wallMs)).sign(input));
        t.strictSame(ours, await bySdk(input, new Date(wallMs)));
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('one signer serves many days, regions and keys', async t => {
  const clock = manualClock(Date.UTC(2025, 9, 20, 23, 59, 58));
  const signer = sigV4Signer('sagemaker', clock);
  const others = { accessKeyId: 'OTHER', secretAccessKey: 'other', sessionToken: 'token' };
  for (let step = 0; step < 4; step += 1) {
    for (const region of ['us-east-1', 'eu-west-1'])
      for (const credentials of [base.credentials, others]) {
        const input = { ...base, region, credentials };
        t.strictSame(asRecord(signer.sign(input)), await bySdk(input, new Date(clock.wallMs())));
      }
    clock.advance(1_000);
  }
});

test('a region’s time is adopted from its Date header, for that region alone', async t => {
  const clock = manualClock();
  const signer = sigV4Signer('sagemaker', clock);
  const theirs = new Date(clock.wallMs() + 600_000);
  const before = signer.timeIn('us-east-1');
  t.equal(signer.adoptTime('us-east-1', theirs.toUTCString(), before), true, 'signing again will help');
  t.equal(signer.timeIn('us-east-1'), theirs.getTime());
  t.strictSame(asRecord(signer.sign(base)), await bySdk(base, theirs));
  const elsewhere = { ...base, region: 'eu-west-1' };
  t.strictSame(asRecord(signer.sign(elsewhere)), await bySdk(elsewhere, new Date(clock.wallMs())));
  t.equal(
    signer.adoptTime('us-east-1', theirs.toUTCString(), before),
    true,
    'so it will for a call signed before that',
  );
  clock.advance(60_000);
  const later = new Date(theirs.getTime() + 60_000);
  const known = signer.timeIn('us-east-1');
  t.equal(
    signer.adoptTime('us-east-1', later.toUTCString(), known),
    false,
    'then there is nothing more to learn from it',
  );
  const host = new Date(clock.wallMs()).toUTCString();
  t.equal(signer.adoptTime('us-east-1', host, known), true, 'nor does it stay for ever');
  t.strictSame(asRecord(signer.sign(base)), await bySdk(base, new Date(clock.wallMs())));
});

test('a call under way while this machine’s clock was set is signed again', async t => {
  const clock = manualClock();
  const signer = sigV4Signer('sagemaker', clock);
  const signedAtMs = signer.timeIn('us-east-1');
  clock.advance(600_000); // as when the machine wakes up: ours is right again before the refusal is here
  t.equal(signer.adoptTime('us-east-1', new Date(clock.wallMs()).toUTCString(), signedAtMs), true);
  t.equal(signer.timeIn('us-east-1'), clock.wallMs(), 'and nothing has to be added to it');
});

test('a Date header that explains nothing is not a reason to sign again', async t => {
  const clock = manualClock();
  const signer = sigV4Signer('sagemaker', clock);
  for (const date of [undefined, '', 'yesterday', new Date(clock.wallMs() + 30_000).toUTCString()])
    t.equal(signer.adoptTime('us-east-1', date, clock.wallMs()), false, String(date));
});
