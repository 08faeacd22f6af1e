import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { test } from 'tap';
import { failure, s3Client } from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const Bucket = 'meridian-jobs-us-east-1';
const mib = 1024 * 1024;

async function textOf(s3: S3Client, Key: string, Range?: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }));
  return (await Body?.transformToString()) ?? '';
}

test('an unmodified SDK client puts, reads, looks at and deletes objects', async t => {
  const simulator = await startTestSimulator(t);
  const s3 = s3Client(t, simulator);
  const Key = 'a folder/ä+b?c&d=e.txt';
  const put = new PutObjectCommand({
    Bucket,
    Key,
    Body: 'hello world',
    ContentType: 'text/x',
    Metadata: { who: 'me' },
  });
  const { ETag } = await s3.send(put);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  t.match(head, { ETag, ContentLength: 11, ContentType: 'text/x', Metadata: { who: 'me' } });
  t.equal(await textOf(s3, Key), 'hello world');
  t.equal(await textOf(s3, Key, 'bytes=6-'), 'world');
  t.equal(await textOf(s3, Key, 'bytes=0-4'), 'hello');
  t.equal(await textOf(s3, Key, 'bytes=-3'), 'rld');
  t.match(await failure(textOf(s3, Key, 'bytes=11-')), { name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  t.match(await failure(textOf(s3, Key)), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
  t.match(await failure(s3.send(new HeadObjectCommand({ Bucket, Key }))), { $metadata: { httpStatusCode: 404 } });
  t.match(await failure(s3.send(new GetObjectCommand({ Bucket: 'another', Key }))), { name: 'NoSuchBucket' });
});

test('a body of unknown digest comes in chunks, with its checksum behind it', async t => {
  const simulator = await startTestSimulator(t);
  const s3 = s3Client(t, simulator);
  const bytes = Buffer.alloc(300_000, 'abc');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: Readable.from([bytes]), ContentLength: bytes.length }));
  t.ok(simulator.objects('us-east-1').get(Bucket, 'k').body.equals(bytes));
});

test('a virtual-hosted bucket is the same bucket', async t => {
  const simulator = await startTestSimulator(t);
  const port = new URL(simulator.url('us-east-1')).port;
  const { resolver } = hostsOf('127.0.0.1');
  const s3 = s3Client(t, simulator, 'us-east-1', {
    endpoint: `http://s3.us-east-1.sim.test:${port}`,
    forcePathStyle: false,
    requestHandler: { httpAgent: { lookup: resolver } },
  });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'x/y', Body: 'hosted' }));
  t.equal(simulator.objects('us-east-1').get(Bucket, 'x/y').body.toString(), 'hosted');
});

test('If-None-Match and If-Match guard a write', async t => {
  const s3 = s3Client(t, await startTestSimulator(t));
  const first = await s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: '1', IfNoneMatch: '*' }));
  const again = s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: '2', IfNoneMatch: '*' }));
  t.match(await failure(again), { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
  t.equal(await textOf(s3, 'once'), '1');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: '3', IfMatch: first.ETag }));
  t.match(await failure(s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: '4', IfMatch: first.ETag }))), {
    name: 'PreconditionFailed',
  });
});

test('a multipart upload is whole once completed, and nothing when aborted', async t => {
  const simulator = await startTestSimulator(t);
  const s3 = s3Client(t, simulator);
  const upload = async (Key: string, sizes: readonly number[]) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/csv' }));
    const Parts = [];
    for (const [index, size] of sizes.entries()) {
      const Body = Buffer.alloc(size, String(index));
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body }));
      Parts.push({ PartNumber: index + 1, ETag });
    }
    return { Bucket, Key, UploadId, MultipartUpload: { Parts } };
  };
  const done = await upload('big', [5 * mib, 5 * mib, 10]);
  t.match(await failure(textOf(s3, 'big')), { name: 'NoSuchKey' }, 'parts are no object');
  const wrongOrder = { Parts: [...done.MultipartUpload.Parts].reverse() };
  const reversed = s3.send(new CompleteMultipartUploadCommand({ ...done, MultipartUpload: wrongOrder }));
  t.match(await failure(reversed), { name: 'InvalidPartOrder' });
  await s3.send(new CompleteMultipartUploadCommand(done));
  const { body, contentType } = simulator.objects('us-east-1').get(Bucket, 'big');
  t.equal(body.length, 10 * mib + 10);
  t.equal(body.subarray(-11).toString(), '12222222222');
  t.equal(contentType, 'text/csv');
  const small = await upload('small', [mib, 10]);
  t.match(await failure(s3.send(new CompleteMultipartUploadCommand(small))), { name: 'EntityTooSmall' });
  await s3.send(new AbortMultipartUploadCommand(small));
  t.match(await failure(s3.send(new CompleteMultipartUploadCommand(small))), { name: 'NoSuchUpload' });
});

test('listing goes page by page, and by folder', async t => {
  const s3 = s3Client(t, await startTestSimulator(t));
  for (const Key of ['a/1', 'a/2', 'b/1', 'b/2', 'c']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }));
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  t.same(keys, ['a/1', 'a/2', 'b/1', 'b/2', 'c']);
  const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
  t.same(folders.CommonPrefixes, [{ Prefix: 'a/' }, { Prefix: 'b/' }]);
  t.match(folders.Contents, [{ Key: 'c' }]);
  t.equal((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'b/' }))).KeyCount, 2);
});

test('signatures, permissions and faults are answered as S3 does', async t => {
  const simulator = await startTestSimulator(t);
  const put = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    failure(
      s3Client(t, simulator, 'us-east-1', { credentials }).send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })),
    );
  t.match(await put({ accessKeyId: 'demo', secretAccessKey: 'wrong' }), { name: 'SignatureDoesNotMatch' });
  t.match(await put({ accessKeyId: 'nobody', secretAccessKey: 'x' }), { name: 'InvalidAccessKeyId' });
  t.match(await put({ accessKeyId: 'denied', secretAccessKey: 'denied' }), { name: 'AccessDenied' });
  await simulator.faults.add({ region: 'us-east-1', kind: 's3-error', errorType: 'SlowDown' });
  t.match(await put({ accessKeyId: 'demo', secretAccessKey: 'demo' }), { name: 'SlowDown' });
});

/** A lookup that finds every name here. */
function hostsOf(address: string) {
  const resolver = (
    _: string,
    options: { all?: boolean },
    done: (error: null, found: unknown, family?: number) => void,
  ) => (options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4));
  return { resolver };
}

test('a read is bound to the object it began with, and to what is there of it', async t => {
  const simulator = await startTestSimulator(t);
  const s3 = s3Client(t, simulator);
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }));
  const read = (more: object) => s3.send(new GetObjectCommand({ Bucket, Key: 'k', ...more }));
  const bytesOf = async (more: object) => (await read(more)).Body?.transformToString();
  t.equal(await bytesOf({ IfMatch: ETag, Range: 'bytes=4-' }), '456789');
  t.match(await failure(read({ IfMatch: '"other"', Range: 'bytes=4-' })), { name: 'PreconditionFailed' });
  t.match(await failure(read({ IfNoneMatch: ETag })), { $metadata: { httpStatusCode: 304 } });
  t.match(await failure(s3.send(new HeadObjectCommand({ Bucket, Key: 'k', IfMatch: '"other"' }))), {
    $metadata: { httpStatusCode: 412 },
  });
  t.equal(await bytesOf({ Range: 'bytes=8-100' }), '89', 'beyond the end is up to the end');
  t.match(await failure(read({ Range: 'bytes=10-' })), { name: 'InvalidRange' });
  for (const Range of ['lines=1-2', 'bytes=5-4', 'bytes=-'])
    t.equal(await bytesOf({ Range }), '0123456789', `${Range} is no range`);
});

test('keys of odd characters are what they were, alone and in lists', async t => {
  const simulator = await startTestSimulator(t);
  const s3 = s3Client(t, simulator);
  const keys = [
    'a b',
    'a+b',
    'a%20b',
    'a%2Fb',
    'q?x=1&y',
    'h#h',
    'a//b',
    "it's(1)!*",
    '日本',
    'x&y<z>"',
    'end/',
    '=;:@,$',
  ];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  for (const Key of keys) t.equal(await textOf(s3, Key), Key);
  const listed: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 5, ContinuationToken }));
    for (const { Key = '' } of page.Contents ?? []) listed.push(Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  t.same(listed.toSorted(), keys.toSorted());
  t.match(await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 })), { IsTruncated: false });
});
