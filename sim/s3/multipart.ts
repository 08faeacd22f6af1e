import { createHash } from 'node:crypto';
import { letters, type Random } from '../random.ts';
import type { ObjectHead, ObjectStore, WriteConditions } from './object-store.ts';
import { S3Error } from './s3-error.ts';

/** Every part but the last has at least this many bytes (Amazon S3 multipart upload limits). */
const leastPartBytes = 5 * 1024 * 1024;
const mostParts = 10_000;

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly head: ObjectHead;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

/** A part as the list that completes an upload names it. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

/** Multipart uploads under way in one region. Throws S3Error. */
export interface Multipart {
  create(bucket: string, key: string, head: ObjectHead): string;
  /** Returns the part's etag. */
  putPart(uploadId: string, number: number, body: Buffer): string;
  /** Makes the object of the parts named; returns its etag. */
  complete(uploadId: string, parts: readonly NamedPart[], conditions: WriteConditions): string;
  abort(uploadId: string): void;
  /** Uploads neither completed nor aborted. */
  underWay(): number;
}

export function createMultipart(store: ObjectStore, random: Random): Multipart {
  const uploads = new Map<string, Upload>();
  const find = (uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload !== undefined) return upload;
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist. It may have been aborted or completed.');
  };
  return {
    create: (bucket, key, head) => {
      store.list(bucket, key); // the bucket must be there
      const uploadId = letters(random, 'abcdefghijklmnopqrstuvwxyz0123456789', 48);
      uploads.set(uploadId, { bucket, key, head, parts: new Map() });
      return uploadId;
    },
    putPart: (uploadId, number, body) => {
      if (!Number.isInteger(number) || number < 1 || number > mostParts)
        throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${mostParts}, inclusive`);
      const etag = `"${createHash('md5').update(body).digest('hex')}"`;
      find(uploadId).parts.set(number, { body, etag });
      return etag;
    },
    complete: (uploadId, named, conditions) => {
      const upload = find(uploadId);
      const bodies = chosenParts(upload, named);
      const stored = store.put(upload.bucket, upload.key, Buffer.concat(bodies), upload.head, conditions);
      uploads.delete(uploadId);
      return stored.etag;
    },
    abort: uploadId => {
      find(uploadId);
      uploads.delete(uploadId);
    },
    underWay: () => uploads.size,
  };
}

function chosenParts({ parts }: Upload, named: readonly NamedPart[]): Buffer[] {
  if (named.length === 0) throw new S3Error('MalformedXML', 'The XML you provided was not well-formed.');
  if (named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0)))
    throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
  return named.map(({ number, etag }, index) => {
    const part = parts.get(number);
    if (part === undefined || part.etag.replaceAll('"', '') !== etag.replaceAll('"', ''))
      throw new S3Error('InvalidPart', 'One or more of the specified parts could not be found.');
    if (part.body.length < leastPartBytes && index < named.length - 1)
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    return part.body;
  });
}
