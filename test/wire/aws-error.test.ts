import fc from 'fast-check';
import { test } from 'tap';
import { parseAwsError } from '../../src/wire/aws-error.ts';

const parse = (header: string | undefined, body: string) => parseAwsError(header, Buffer.from(body));

test('the type comes from the header first, bare of its prefix and its link', t => {
  const written = 'com.amazon.coral.service#ValidationError:http://internal.amazon.com/coral/';
  t.equal(parse(written, '{"__type":"Other"}').type, 'ValidationError');
  t.equal(parse('ModelError', '').type, 'ModelError');
  t.end();
});

test('else from the body, in any of its three spellings', t => {
  for (const key of ['code', 'Code', '__type'])
    t.equal(parse(undefined, `{"${key}":"a#Throttling:b"}`).type, 'Throttling');
  t.equal(parse('', '{"__type":"Throttling"}').type, 'Throttling');
  t.end();
});

test('the message is read in either case, and absence is empty', t => {
  t.equal(parse('X', '{"message":"small"}').message, 'small');
  t.equal(parse('X', '{"Message":"large"}').message, 'large');
  for (const body of ['{"message":null}', '{"message":7}', '[]', 'null', '"text"', '<html>', '']) {
    t.equal(parse('X', body).message, '');
    t.equal(parse(undefined, body).type, '');
  }
  t.end();
});

test('no bytes make it throw', t => {
  const bytes = fc.oneof(
    fc.uint8Array().map(Buffer.from),
    fc.json().map(text => Buffer.from(text)),
  );
  const property = fc.property(fc.option(fc.string(), { nil: undefined }), bytes, (header, body) => {
    const { type, message } = parseAwsError(header, body);
    return typeof type === 'string' && typeof message === 'string' && !/[:#]/.test(type.split('#').pop() ?? '');
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000, seed: 7 }));
  t.end();
});
