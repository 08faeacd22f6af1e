import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../core/clock.ts';
import type { ObjectInfo, ObjectPlace, ObjectStore, Upload } from './object-store.ts';
import { createPatience } from './patience.ts';
import { wholeBody } from './s3-body.ts';
import { type SdkPorts, sdkSettings } from './sdk-settings.ts';

/** What the object store needs of the rest. */
export interface S3Ports extends SdkPorts {
  readonly clock: Clock;
  /** URL of S3 and the identity that signs, in a region that has a bucket. */
  siteOf(region: string): { readonly url: string; readonly identity: string } | undefined;
}

const connectionsPerRegion = 64;
/** Tries of one call, the SDK's own included: every body here is a buffer and can be sent again. */
const tries = 3;

/** S3 in every region, over the SDK's own client: none of this is on the request path. */
export function s3Store(ports: S3Ports): ObjectStore & { stop(): void } {
  const clients = new Map<string, { readonly url: string; readonly identity: string; readonly s3: S3Client }>();
  const clientOf = (region: string): S3Client => {
    const site = ports.siteOf(region);
    if (site === undefined)
      throw new Error(`neither jobs.buckets nor capture.destinations names a bucket in ${region}`);
    const known = clients.get(region);
    if (known !== undefined && known.url === site.url && known.identity === site.identity) return known.s3;
    known?.s3.destroy();
    const s3 = createClient(ports, region, site);
    clients.set(region, { ...site, s3 });
    return s3;
  };
  return {
    put: (place, bytes, contentType, onlyNew = false) =>
      putObject(clientOf(place.region), place, bytes, contentType, onlyNew),
    upload: (place, contentType) => startUpload(clientOf(place.region), place, contentType),
    look: async place => infoOf(await present(clientOf(place.region).send(new HeadObjectCommand(named(place))))),
    get: place => getObject(clientOf(place.region), place),
    delete: async place => {
      await present(clientOf(place.region).send(new DeleteObjectCommand(named(place))));
    },
    folders: (region, bucket, prefix) => listFolders(clientOf(region), bucket, prefix),
    keys: (region, bucket, prefix) => listKeys(clientOf(region), bucket, prefix),
    stop: () => {
      for (const { s3 } of clients.values()) s3.destroy();
      clients.clear();
    },
  };
}

function createClient(ports: S3Ports, region: string, { url, identity }: { url: string; identity: string }): S3Client {
  const s3 = new S3Client({
    region,
    endpoint: url,
    forcePathStyle: true,
    maxAttempts: tries,
    ...sdkSettings(ports, identity, connectionsPerRegion),
  });
  const patience = createPatience(ports.clock, `S3 in ${region}`);
  s3.middlewareStack.add(next => args => patience.run(() => next(args)), { step: 'initialize', priority: 'high' });
  return s3;
}

function named({ bucket, key }: ObjectPlace): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: key };
}

/** Undefined for what is not there. */
async function present<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const missing = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
    if (missing && error.name !== 'NoSuchBucket') return undefined;
    throw error;
  }
}

function infoOf(found: { ContentLength?: number | undefined; ContentType?: string | undefined } | undefined) {
  if (found === undefined) return undefined;
  const info: ObjectInfo = {
    bytes: found.ContentLength ?? 0,
    contentType: found.ContentType ?? 'application/octet-stream',
  };
  return info;
}

async function getObject(s3: S3Client, place: ObjectPlace): ReturnType<ObjectStore['get']> {
  const found = await present(s3.send(new GetObjectCommand(named(place))));
  const info = infoOf(found);
  if (found === undefined || info === undefined) return undefined;
  const onward = async (from: number) => {
    const rest = { ...named(place), Range: `bytes=${from}-`, IfMatch: found.ETag };
    return bytesOf(await s3.send(new GetObjectCommand(rest)));
  };
  return { ...info, body: wholeBody({ bytes: info.bytes, body: bytesOf(found) }, onward) };
}

function bytesOf({ Body }: GetObjectCommandOutput): AsyncIterable<Buffer> {
  return Body as Readable as AsyncIterable<Buffer>;
}

async function putObject(
  s3: S3Client,
  place: ObjectPlace,
  bytes: Buffer,
  contentType: string,
  onlyNew: boolean,
): Promise<boolean> {
  try {
    const condition = onlyNew ? { IfNoneMatch: '*' } : {};
    await s3.send(new PutObjectCommand({ ...named(place), Body: bytes, ContentType: contentType, ...condition }));
    return true;
  } catch (error) {
    if (onlyNew && error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return false;
    throw error;
  }
}

async function startUpload(s3: S3Client, place: ObjectPlace, contentType: string): Promise<Upload> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...named(place), ContentType: contentType }));
  const upload = { ...named(place), UploadId };
  const etags = new Map<number, string | undefined>();
  return {
    part: async (number, bytes) => {
      const part = new UploadPartCommand({ ...upload, PartNumber: number, Body: bytes });
      etags.set(number, (await s3.send(part)).ETag);
    },
    complete: async () => {
      const Parts = [...etags].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
      await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    },
    abort: async () => {
      await s3.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    },
  };
}

async function* listFolders(s3: S3Client, bucket: string, prefix: string): AsyncGenerator<readonly string[]> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken }),
    );
    yield (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

async function* listKeys(s3: S3Client, bucket: string, prefix: string): AsyncGenerator<readonly string[]> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }));
    yield (page.Contents ?? []).map(({ Key = '' }) => Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}
