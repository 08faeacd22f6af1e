import { createHash } from 'node:crypto';
import { S3Error } from './s3-error.ts';

/** An object as it is stored. */
export interface StoredObject {
  readonly body: Buffer;
  readonly contentType: string;
  /** `x-amz-meta-…` headers, by their whole lower-case name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** With its quotes. */
  readonly etag: string;
  readonly modifiedAtMs: number;
}

/** What an upload says of an object beside its bytes. */
export interface ObjectHead {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Conditions of a write: `*` for "there is none yet", or the etag that must be there. */
export interface WriteConditions {
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
}

/** Objects of one region, in memory. Throws S3Error. */
export interface ObjectStore {
  createBucket(bucket: string): void;
  buckets(): readonly string[];
  /** Whether the bucket is in this region. */
  has(bucket: string): boolean;
  put(bucket: string, key: string, body: Buffer, head: ObjectHead, conditions?: WriteConditions): StoredObject;
  get(bucket: string, key: string): StoredObject;
  delete(bucket: string, key: string): void;
  /** Keys that begin with `prefix`, in the order of their UTF-8 bytes. */
  list(bucket: string, prefix: string): readonly (readonly [key: string, object: StoredObject])[];
}

/** Starts with these buckets, empty. */
export function createObjectStore(names: readonly string[], wallMs: () => number): ObjectStore {
  const buckets = new Map<string, Map<string, StoredObject>>(names.map(name => [name, new Map()]));
  const objectsOf = (bucket: string) => {
    const objects = buckets.get(bucket);
    if (objects === undefined) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
    return objects;
  };
  return {
    createBucket: bucket => {
      if (buckets.has(bucket))
        throw new S3Error('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.');
      buckets.set(bucket, new Map());
    },
    buckets: () => [...buckets.keys()].sort(),
    has: bucket => buckets.has(bucket),
    put: (bucket, key, body, head, conditions = {}) => {
      const objects = objectsOf(bucket);
      checkWrite(objects.get(key), conditions);
      const etag = `"${createHash('md5').update(body).digest('hex')}"`;
      const object = { body, ...head, etag, modifiedAtMs: wallMs() };
      objects.set(key, object);
      return object;
    },
    get: (bucket, key) => {
      const object = objectsOf(bucket).get(key);
      if (object === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
      return object;
    },
    delete: (bucket, key) => void objectsOf(bucket).delete(key),
    list: (bucket, prefix) =>
      [...objectsOf(bucket)]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  };
}

function checkWrite(known: StoredObject | undefined, { ifNoneMatch, ifMatch }: WriteConditions): void {
  const failed = (condition: string) =>
    new S3Error('PreconditionFailed', `At least one of the pre-conditions you specified did not hold (${condition})`);
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', 'If-None-Match of a write takes * only.');
  if (ifNoneMatch === '*' && known !== undefined) throw failed('If-None-Match');
  if (ifMatch === undefined) return;
  if (known === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (known.etag !== ifMatch) throw failed('If-Match');
}
