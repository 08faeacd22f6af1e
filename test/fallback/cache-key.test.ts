import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'tap';
import { cacheKeys, encodeFields, shortHmac } from '../../src/fallback/cache-key.ts';
import { callOf } from '../helpers/fallback-fixtures.ts';

const secret = 'a secret of the whole fleet';
const text = fc.string({ unit: 'binary', maxLength: 8 });
const optional = fc.option(text, { nil: undefined });

/** Everything the key is made of, as one record. */
const parts = fc.record({
  tenant: text,
  bound: text,
  model: text,
  version: text,
  targetModel: optional,
  targetVariant: optional,
  targetContainerHostname: optional,
  inferenceComponent: optional,
  enableExplanations: optional,
  accept: optional,
  contentType: optional,
  customAttributes: optional,
  body: text,
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

const { key } = cacheKeys(secret);

function keyOf(some: Parts, extra: Record<string, string> = {}): string {
  const { tenant, bound, model, version, body, ...fields } = some;
  const defined = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const call = callOf({ model, body: Buffer.from(body, 'utf16le').toString('base64'), caller: { tenant } });
  return key({ ...call, fields: { ...defined, ...extra } }, version, bound);
}

test('a difference in any one part makes another key', t => {
  const names = Object.keys(callParts()) as (keyof Parts)[];
  fc.assert(
    fc.property(parts, fc.constantFrom(...names), optional, (some, name, value) => {
      fc.pre(some[name] !== value && (value !== undefined || typeof callParts()[name] !== 'string'));
      return keyOf(some) !== keyOf({ ...some, [name]: value });
    }),
  );
  t.pass('for every part');
  t.end();
});

test('parts that trade places or characters make another key', t => {
  fc.assert(fc.property(parts, parts, (a, b) => (keyOf(a) === keyOf(b)) === (JSON.stringify(a) === JSON.stringify(b))));
  fc.assert(
    fc.property(fc.array(optional), fc.array(optional), (a, b) => {
      const same = a.length === b.length && a.every((value, index) => value === b[index]);
      return (encodeFields(a) === encodeFields(b)) === same;
    }),
  );
  t.not(encodeFields(['ab', 'c']), encodeFields(['a', 'bc']));
  t.not(encodeFields([undefined]), encodeFields(['']));
  t.not(keyOf({ ...callParts(), accept: '\ud800' }), keyOf({ ...callParts(), accept: '\ud801' }), 'lone surrogates');
  t.end();
});

test('ids that differ on every call make no difference', t => {
  const call = callOf();
  const traced = {
    ...callOf({ fields: { inferenceId: 'i-1', prefixAwareId: 'p-1' }, invocationId: 'x' }),
    id: 'another',
    traceparent: '00-1',
  };
  t.equal(key(traced, 'v1', 'eu'), key(call, 'v1', 'eu'));
  t.end();
});

test('a key tells nothing of payload, tenant or attributes, and names model and version', t => {
  const call = callOf({ body: 'private', caller: { tenant: 'acme' }, fields: { customAttributes: 'patient=7' } });
  const made = key(call, 'v1', 'eu');
  t.match(made, /^rain\/v1\/[\w-]{11}\.[\w-]{43}$/);
  for (const secretPart of ['acme', 'patient', call.bodySha256]) t.notOk(made.includes(secretPart));
  t.end();
});

test('only processes with the same configured secret make the same keys', t => {
  const call = callOf();
  const [same, other, none, alsoNone] = [secret, 'another secret of a fleet', undefined, undefined].map(cacheKeys);
  t.equal(same?.key(call, 'v1', ''), key(call, 'v1', ''));
  t.not(other?.key(call, 'v1', ''), key(call, 'v1', ''));
  t.not(none?.key(call, 'v1', ''), alsoNone?.key(call, 'v1', ''));
  t.same([same?.shareable, none?.shareable], [true, false]);
  t.end();
});

function callParts(): Parts {
  return {
    tenant: '',
    bound: '',
    model: '',
    version: '',
    targetModel: undefined,
    targetVariant: undefined,
    targetContainerHostname: undefined,
    inferenceComponent: undefined,
    enableExplanations: undefined,
    accept: undefined,
    contentType: undefined,
    customAttributes: undefined,
    body: '',
  };
}

test('the digest of a key is HMAC-SHA-256, as Node makes it', t => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(bytes, fc.string({ unit: 'binary', maxLength: 200 }), (key, message) => {
      const expected = createHmac('sha256', key).update(message, 'utf16le').digest('base64url');
      return shortHmac(Buffer.from(key))(message) === expected;
    }),
  );
  t.equal(shortHmac(Buffer.alloc(32))('').length, 43);
  t.end();
});
