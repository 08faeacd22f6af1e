import type { AsyncFields } from '../async-fields.ts';
import { validationError } from '../aws-error.ts';
import { sleep } from '../clock.ts';
import { uuid } from '../random.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { type AsyncJob, asyncWorker } from './async-worker.ts';
import { type Endpoint, type Hosting, type Invocation, realTimePayloadBytes } from './endpoint.ts';

/** An endpoint with an `AsyncInferenceConfig`: a queue, objects in and out. `{region}` in locations is filled in. */
export interface AsyncSpec {
  readonly kind: 'async';
  readonly name: string;
  readonly container: string;
  /** Median time of one invocation. Default 300. */
  readonly modelMs?: number;
  /** Instances × `MaxConcurrentInvocationsPerInstance`. Default 4. */
  readonly concurrency?: number;
  /** `s3://bucket/prefix` of this region. Failures go to `failures`, by default below `outputs`. */
  readonly outputs: string;
  readonly failures?: string;
  /** Posted to as SNS would, for a success and for an error alike. */
  readonly notify?: string;
}

/** What `InvokeEndpointAsync` answers. */
export interface Accepted {
  readonly inferenceId: string;
  readonly outputLocation: string;
  readonly failureLocation: string;
}

/** How an async invocation comes to its endpoint. */
export interface AsyncInvocation extends Invocation {
  readonly asynchronous: AsyncFields;
}

/** What hosting an async endpoint takes beside the rest. */
export interface AsyncHosting extends Hosting {
  readonly objects: ObjectStore;
  /** True while nothing in the queue is taken up. */
  stalled(): boolean;
  /** Whether this invocation fails by a fault. */
  fails(): boolean;
  /** Posts an SNS message; what comes of it is nobody's concern. */
  notify(url: string, message: object): void;
}

/** InlineBody of InvokeEndpointAsync. */
const inlineBytes = 128_000;
const stalledLookMs = 20;

export function createAsync(spec: AsyncSpec, hosting: AsyncHosting): Endpoint {
  const { concurrency = 4 } = spec;
  const fill = (location: string) => location.replaceAll('{region}', hosting.region).replace(/\/$/, '');
  const outputs = fill(spec.outputs);
  const failures = fill(spec.failures ?? `${spec.outputs}/failures`);
  const work = asyncWorker(spec, hosting);
  const queue: AsyncJob[] = [];
  const counts = { busy: 0, processed: 0 };

  const drain = async (): Promise<void> => {
    counts.busy += 1;
    while (queue.length > 0) {
      while (hosting.stalled()) await sleep(hosting.clock, stalledLookMs);
      const job = queue.shift();
      if (job === undefined) break;
      await work(job);
      counts.processed += 1;
    }
    counts.busy -= 1;
  };
  return {
    name: spec.name,
    maxPayloadBytes: realTimePayloadBytes,
    sessions: false,
    invoke: async ({ endpoint }) => {
      throw validationError(`Endpoint ${endpoint} accepts only asynchronous invocations.`);
    },
    invokeAsync: invocation => {
      checkInput(invocation, hosting.objects);
      const { asynchronous, fields } = invocation;
      const id = uuid(hosting.random);
      const name = asynchronous.filename ?? `${id}.out`;
      const below = asynchronous.outputPathExtension === undefined ? '' : `/${asynchronous.outputPathExtension}`;
      const accepted: Accepted = {
        inferenceId: fields.inferenceId ?? id,
        outputLocation: `${outputs}${below}/${name}`,
        failureLocation: `${failures}${below}/${id}-error.out`,
      };
      queue.push({ accepted, invocation, receivedAtMs: hosting.clock.wallMs() });
      if (counts.busy < concurrency) void drain();
      return accepted;
    },
    state: () => ({ queued: queue.length, ...counts }),
  };
}

/** Exactly one of body and location; the location in this region's buckets. */
function checkInput({ body, asynchronous: { inputLocation } }: AsyncInvocation, objects: ObjectStore): void {
  if ((inputLocation === undefined) === (body.length === 0))
    throw validationError('Exactly one of Body and InputLocation must be given.');
  if (body.length > inlineBytes) throw validationError(`Body must have length less than or equal to ${inlineBytes}.`);
  if (inputLocation === undefined) return;
  const place = placeOf(inputLocation);
  if (place === undefined || !objects.has(place.bucket))
    throw validationError(`InputLocation ${inputLocation} is not an object of this region's buckets.`);
}

/** The bucket and key of an `s3://…` location. */
export function placeOf(location: string): { bucket: string; key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}
