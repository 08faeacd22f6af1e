import { sleep } from '../clock.ts';
import type { ModelOutput } from '../model-port.ts';
import { S3Error } from '../s3/s3-error.ts';
import { type Accepted, type AsyncHosting, type AsyncInvocation, type AsyncSpec, placeOf } from './async.ts';
import { predict } from './endpoint.ts';

/** One invocation in the queue. */
export interface AsyncJob {
  readonly accepted: Accepted;
  readonly invocation: AsyncInvocation;
  readonly receivedAtMs: number;
}

/** Works on one job: reads the input, runs the container, writes the output or the failure, and tells. Never rejects. */
export function asyncWorker(spec: AsyncSpec, hosting: AsyncHosting): (job: AsyncJob) => Promise<void> {
  const container = hosting.container(spec.container);
  return async job => {
    const outcome = await run(job);
    const { outputLocation, failureLocation } = job.accepted;
    if ('output' in outcome) write(outputLocation, outcome.output.body, outcome.output.contentType);
    else write(failureLocation, Buffer.from(outcome.failure), 'text/plain');
    if (spec.notify !== undefined) hosting.notify(spec.notify, message(job, outcome, hosting, spec.name));
  };

  async function run({ invocation, receivedAtMs }: AsyncJob): Promise<Outcome> {
    const { inputLocation, ttlSeconds } = invocation.asynchronous;
    if (hosting.clock.wallMs() - receivedAtMs > ttlSeconds * 1_000)
      return { failure: 'ClientError: The request expired in the queue before it was processed.' };
    const body = inputLocation === undefined ? invocation.body : read(inputLocation);
    if (typeof body === 'string') return { failure: body };
    await sleep(hosting.clock, hosting.workMs(spec.modelMs ?? 300));
    const output = hosting.fails() ? injected : predict(container, { ...invocation, body });
    if (output.status < 400) return { output };
    const side = output.status < 500 ? 'client' : 'server';
    const words = output.body.toString();
    return {
      failure: `ClientError: Received ${side} error (${output.status}) from model with message "${words}". See the SageMaker Endpoint logs in your account for more information.`,
    };
  }

  function read(location: string): Buffer | string {
    const place = placeOf(location);
    try {
      return place === undefined ? 'ClientError: no such input' : hosting.objects.get(place.bucket, place.key).body;
    } catch (error) {
      if (error instanceof S3Error) return `ClientError: Failed to download ${location}: ${error.message}`;
      throw error;
    }
  }

  function write(location: string, body: Buffer, contentType: string): void {
    const place = placeOf(location);
    if (place !== undefined) hosting.objects.put(place.bucket, place.key, body, { contentType, metadata: {} });
  }
}

type Outcome = { readonly output: ModelOutput } | { readonly failure: string };

const injected: ModelOutput = { status: 500, contentType: 'text/plain', body: Buffer.from('injected fault') };

/** The message of the SageMaker guide's "Check prediction results" page. */
function message(job: AsyncJob, outcome: Outcome, { region, clock }: AsyncHosting, endpointName: string): object {
  const { accepted, invocation, receivedAtMs } = job;
  const { contentType } = invocation.fields;
  const { inputLocation } = invocation.asynchronous;
  return {
    awsRegion: region,
    eventTime: new Date(clock.wallMs()).toISOString(),
    receivedTime: new Date(receivedAtMs).toISOString(),
    invocationStatus: 'output' in outcome ? 'Completed' : 'Failed',
    ...('failure' in outcome && { failureReason: outcome.failure }),
    requestParameters: { contentType, endpointName, inputLocation },
    ...('output' in outcome && {
      responseParameters: { contentType: outcome.output.contentType, outputLocation: accepted.outputLocation },
    }),
    inferenceId: accepted.inferenceId,
    eventVersion: '1.0',
    eventSource: 'aws:sagemaker',
    eventName: 'InferenceResult',
  };
}
