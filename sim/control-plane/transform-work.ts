import type { ModelContainer } from '../model-port.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { S3Error } from '../s3/s3-error.ts';
import type { TransformRequest } from './transform-request.ts';

/** Why a job failed, in the words of `FailureReason`. */
export class TransformFailure extends Error {}

/** What scoring needs of its region. */
export interface TransformWorld {
  readonly objects: ObjectStore;
  readonly container: ModelContainer;
  /** Before each call of the container; rejects with `TransformFailure`, resolves to false when the job is stopped. */
  turn(): Promise<boolean>;
}

const logs = 'See job logs for more information';

/**
 * Scores every object below the input prefix and writes each result below the output path, under the object's own key
 * from the prefix's folder on, with `.out` appended (SageMaker guide, "Batch transform for inference"). An object whose
 * records cannot all be scored leaves no output. Rejects with `TransformFailure`.
 */
export async function transformAll(request: TransformRequest, world: TransformWorld): Promise<void> {
  const from = placeOf(request.inputUri);
  const to = placeOf(request.outputPath);
  const inputs = inputsOf(world.objects, from);
  const folder = from.key.slice(0, from.key.lastIndexOf('/') + 1);
  for (const [key, { body }] of inputs) {
    const output = await transformOne(request, world, body);
    if (output === undefined) return;
    const outputKey = [...(to.key === '' ? [] : [to.key]), `${key.slice(folder.length)}.out`].join('/');
    const contentType = request.accept ?? 'application/json';
    reaching(() => world.objects.put(to.bucket, outputKey, output, { contentType, metadata: {} }));
  }
}

function inputsOf(objects: ObjectStore, { bucket, key }: Place) {
  const found = reaching(() => objects.list(bucket, key)).filter(([each]) => !each.endsWith('/'));
  if (found.length > 0) return found;
  throw new TransformFailure(`ClientError: No objects were found at s3://${bucket}/${key}.`);
}

/** Undefined when the job is stopped meanwhile. */
async function transformOne(
  request: TransformRequest,
  { container, turn }: TransformWorld,
  body: Buffer,
): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  for (const batch of batchesOf(request, body)) {
    if (!(await turn())) return undefined;
    const output = container.predict({ body: batch, contentType: request.contentType, accept: request.accept });
    if (output.status >= 400)
      throw new TransformFailure(`${output.status < 500 ? 'ClientError' : 'AlgorithmError'}: ${logs}`);
    pieces.push(output.body);
    const endsLine = output.body.at(-1) === 0x0a;
    if (request.assemble === 'Line' && !endsLine) pieces.push(Buffer.from('\n'));
  }
  return Buffer.concat(pieces);
}

/** The object whole, record by record, or as many records at a time as the payload limit takes. */
function batchesOf({ split, strategy, maxPayloadBytes }: TransformRequest, body: Buffer): readonly Buffer[] {
  const limit = maxPayloadBytes === 0 ? Number.POSITIVE_INFINITY : maxPayloadBytes;
  if (split === 'None') return [within(body, limit)];
  const lines = body
    .toString()
    .split(/(?<=\n)/)
    .filter(line => line.trim() !== '')
    .map(line => Buffer.from(line));
  if (strategy === 'SingleRecord') return lines.map(line => within(line, limit));
  const batches: Buffer[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    if (bytes + line.length > limit || batches.length === 0) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(within(line, limit));
    bytes += line.length;
  }
  return batches.map(batch => Buffer.concat(batch));
}

function within(record: Buffer, limit: number): Buffer {
  if (record.length > limit) throw new TransformFailure(`ClientError: Too much data for max payload size. ${logs}`);
  return record;
}

interface Place {
  readonly bucket: string;
  readonly key: string;
}

function placeOf(uri: string): Place {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  return { bucket, key };
}

function reaching<T>(access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (error instanceof S3Error) throw new TransformFailure(`ClientError: S3: ${error.message}`);
    throw error;
  }
}
