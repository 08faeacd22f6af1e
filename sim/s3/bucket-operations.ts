import type { Answer } from '../wire.ts';
import { escapeXml, S3Error, xmlDocument } from './s3-error.ts';
import type { S3Call, S3Parts } from './s3-service.ts';

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const mostKeys = 1_000;

/** What can be asked of a bucket, by method. */
export const bucketOperations: Readonly<Record<string, (parts: S3Parts, call: S3Call) => Answer>> = {
  PUT: createBucket,
  HEAD: headBucket,
  GET: list,
};

function createBucket({ store }: S3Parts, { bucket }: S3Call): Answer {
  store.createBucket(bucket);
  return { status: 200, headers: { location: `/${bucket}` }, body: Buffer.alloc(0) };
}

function headBucket({ store, region }: S3Parts, { bucket }: S3Call): Answer {
  if (!store.has(bucket)) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  return { status: 200, headers: { 'x-amz-bucket-region': region }, body: Buffer.alloc(0) };
}

function list(parts: S3Parts, call: S3Call): Answer {
  if (call.bucket === '') return listBuckets(parts);
  if (call.query.get('list-type') !== '2') throw new S3Error('NotImplemented', 'Only ListObjectsV2 is simulated.');
  return listObjects(parts, call);
}

function listBuckets({ store }: S3Parts): Answer {
  const buckets = store.buckets().map(name => `<Bucket><Name>${name}</Name></Bucket>`);
  return xml(`<ListAllMyBucketsResult ${namespace}><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`);
}

/** Pages of keys, with common prefixes where a delimiter is given. The token is the last name of the page before. */
function listObjects({ store }: S3Parts, { bucket, query }: S3Call): Answer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : escapeXml;
  const pageSize = Math.min(mostKeys, Number(query.get('max-keys') ?? mostKeys));
  const after = Buffer.from(query.get('continuation-token') ?? '', 'base64url').toString() || query.get('start-after');
  const names = new Map<string, string>();
  for (const [key, { etag, body, modifiedAtMs }] of store.list(bucket, prefix)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    if (after !== null && Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0) continue;
    const modified = new Date(modifiedAtMs).toISOString();
    const contents = `<Contents><Key>${encode(key)}</Key><LastModified>${modified}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${body.length}</Size></Contents>`;
    names.set(name, cut < 0 ? contents : `<CommonPrefixes><Prefix>${encode(name)}</Prefix></CommonPrefixes>`);
  }
  const page = [...names].slice(0, pageSize);
  const truncated = pageSize > 0 && names.size > page.length;
  const token = Buffer.from(page.at(-1)?.[0] ?? '').toString('base64url');
  const head = [
    `<Name>${bucket}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${page.length}</KeyCount>`,
    `<MaxKeys>${pageSize}</MaxKeys><IsTruncated>${truncated}</IsTruncated>`,
    truncated ? `<NextContinuationToken>${token}</NextContinuationToken>` : '',
  ];
  const content = page.map(([, text]) => text);
  return xml(`<ListBucketResult ${namespace}>${head.join('')}${content.join('')}</ListBucketResult>`);
}

/** An answer in XML. */
export function xml(content: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xmlDocument(content) };
}
