import type { Answer } from '../wire.ts';
import { xml } from './bucket-operations.ts';
import type { ObjectHead, StoredObject, WriteConditions } from './object-store.ts';
import { escapeXml, S3Error } from './s3-error.ts';
import type { S3Call, S3Parts } from './s3-service.ts';
import { uploadBody } from './upload-body.ts';

/** What can be asked of an object, by method; the query tells multipart uploads apart. */
export const objectOperations: Readonly<Record<string, (parts: S3Parts, call: S3Call) => Answer>> = {
  PUT: (parts, call) => (call.query.has('partNumber') ? putPart(parts, call) : putObject(parts, call)),
  POST: (parts, call) => (call.query.has('uploadId') ? completeUpload(parts, call) : createUpload(parts, call)),
  GET: (parts, call) => getObject(parts, call),
  HEAD: (parts, call) => {
    const { body, ...answer } = getObject(parts, call);
    return { ...answer, body: Buffer.alloc(0), contentLength: body.length };
  },
  DELETE: (parts, call) => deleteObject(parts, call),
};

const nothing = Buffer.alloc(0);

function putObject({ store }: S3Parts, { request, bucket, key }: S3Call): Answer {
  if (request.headers['x-amz-copy-source'] !== undefined)
    throw new S3Error('NotImplemented', 'CopyObject is not simulated.');
  const { etag } = store.put(bucket, key, uploadBody(request), headOf(request.headers), conditionsOf(request.headers));
  return { status: 200, headers: { etag }, body: nothing };
}

function putPart({ multipart }: S3Parts, { request, query }: S3Call): Answer {
  const number = Number(query.get('partNumber'));
  return {
    status: 200,
    headers: { etag: multipart.putPart(query.get('uploadId') ?? '', number, uploadBody(request)) },
    body: nothing,
  };
}

function createUpload({ multipart }: S3Parts, { request, bucket, key, query }: S3Call): Answer {
  if (!query.has('uploads')) throw new S3Error('NotImplemented', 'This POST is not simulated.');
  const uploadId = multipart.create(bucket, key, headOf(request.headers));
  const address = `<Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key>`;
  return xml(
    `<InitiateMultipartUploadResult>${address}<UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
  );
}

function completeUpload({ multipart }: S3Parts, { request, bucket, key, query }: S3Call): Answer {
  const parts = [...request.body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&#34;', '"'),
  }));
  const etag = multipart.complete(query.get('uploadId') ?? '', parts, conditionsOf(request.headers));
  const address = `<Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key>`;
  return xml(
    `<CompleteMultipartUploadResult>${address}<ETag>${escapeXml(etag)}</ETag></CompleteMultipartUploadResult>`,
  );
}

function deleteObject({ store, multipart }: S3Parts, { bucket, key, query }: S3Call): Answer {
  const uploadId = query.get('uploadId');
  if (uploadId !== null) multipart.abort(uploadId);
  else store.delete(bucket, key);
  return { status: 204, headers: {}, body: nothing };
}

function getObject({ store }: S3Parts, { request, bucket, key }: S3Call): Answer {
  const object = store.get(bucket, key);
  const headers = {
    'content-type': object.contentType,
    etag: object.etag,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...object.metadata,
  };
  const { ifMatch, ifNoneMatch } = conditionsOf(request.headers);
  if (ifMatch !== undefined && !isNamed(ifMatch, object))
    throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold (If-Match)');
  if (ifNoneMatch !== undefined && isNamed(ifNoneMatch, object)) return { status: 304, headers, body: nothing };
  const range = rangeOf(request.headers['range']?.[0] ?? '', object);
  if (range === undefined) return { status: 200, headers, body: object.body };
  const { first, last } = range;
  const contentRange = `bytes ${first}-${last}/${object.body.length}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: object.body.subarray(first, last + 1),
  };
}

function isNamed(condition: string, { etag }: StoredObject): boolean {
  return condition === '*' || condition.replaceAll('"', '') === etag.replaceAll('"', '');
}

/** `bytes=first-last`, `bytes=first-` or `bytes=-count`; what is no range is as good as none (RFC 9110 §14.1.2, §14.2). */
function rangeOf(range: string, { body }: StoredObject): { first: number; last: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  const first = from === '' ? body.length - Math.min(body.length, Number(to)) : Number(from);
  const last = from === '' || to === '' ? body.length - 1 : Math.min(body.length - 1, Number(to));
  if (first > last) throw new S3Error('InvalidRange', 'The requested range is not satisfiable');
  return { first, last };
}

function headOf(headers: S3Call['request']['headers']): ObjectHead {
  const metadata: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers))
    if (name.startsWith('x-amz-meta-')) metadata[name] = values?.[0] ?? '';
  return { contentType: headers['content-type']?.[0] ?? 'binary/octet-stream', metadata };
}

function conditionsOf(headers: S3Call['request']['headers']): WriteConditions {
  return { ifNoneMatch: headers['if-none-match']?.[0], ifMatch: headers['if-match']?.[0] };
}
