import { type Clock, sleep } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import type { Containers, ModelContainer } from '../model-port.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { ControlError, invalid, textOf } from './control-error.ts';
import type { Operations } from './control-plane.ts';
import { readTransformRequest, type TransformRequest } from './transform-request.ts';
import { TransformFailure, transformAll } from './transform-work.ts';

/** What transform jobs of one region need of it. */
export interface TransformParts {
  readonly region: string;
  readonly clock: Clock;
  readonly faults: FaultBoard;
  readonly objects: ObjectStore;
  readonly containers: Containers;
  /** SageMaker models: containers by the name of the model. */
  readonly models: Readonly<Record<string, string>>;
  wallMs(): number;
  workMs(medianMs: number): number;
}

type TransformStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

interface TransformJob {
  readonly request: TransformRequest;
  readonly arn: string;
  readonly createdAtMs: number;
  status: TransformStatus;
  startedAtMs?: number;
  endedAtMs?: number;
  failure?: string;
}

/** Median time until the instances are there; AWS takes minutes. */
const provisionMs = 800;
/** Median time of one call of the container. */
const callMs = 40;
const stalledLookMs = 20;

/** Transform jobs of one region: created, worked on by the model's container, listed and stopped. */
export function createTransformJobs(parts: TransformParts): Operations {
  const jobs = new Map<string, TransformJob>();
  const find = (input: Readonly<Record<string, unknown>>): TransformJob => {
    const name = textOf(input, 'TransformJobName');
    // As the service answers it; its API reference says ResourceNotFound.
    return jobs.get(name) ?? refuse(`Could not find requested job with name: ${name}`);
  };
  return {
    CreateTransformJob: (input, { account }) => {
      const request = readTransformRequest(input);
      const { name, modelName } = request;
      const arnOf = (kind: string, named: string) => `arn:aws:sagemaker:${parts.region}:${account}:${kind}/${named}`;
      const container = containerOf(parts, modelName) ?? refuse(`Could not find model "${arnOf('model', modelName)}".`);
      if (jobs.has(name))
        throw new ControlError('ResourceInUse', `Job name must be unique within an AWS account and region: ${name}`);
      const job: TransformJob = {
        request,
        arn: arnOf('transform-job', name),
        createdAtMs: parts.wallMs(),
        status: 'InProgress',
      };
      jobs.set(name, job);
      void work(parts, job, container);
      return { TransformJobArn: job.arn };
    },
    DescribeTransformJob: input => described(find(input)),
    StopTransformJob: input => {
      const job = find(input);
      if (job.status !== 'InProgress')
        throw invalid(`The request was rejected because the transform job is in status ${job.status}.`);
      job.status = 'Stopping';
      return {};
    },
    ListTransformJobs: input => list([...jobs.values()], input),
  };
}

function containerOf({ models, containers }: TransformParts, model: string): ModelContainer | undefined {
  const name = Object.hasOwn(models, model) ? models[model] : undefined;
  return name === undefined ? undefined : containers[name];
}

function refuse(message: string): never {
  throw invalid(message);
}

/** Runs the job to its end. Never rejects but for a fault of the simulator itself. */
async function work(parts: TransformParts, job: TransformJob, container: ModelContainer): Promise<void> {
  const { clock, faults, region } = parts;
  const isStopping = () => job.status === 'Stopping';
  try {
    await sleep(clock, parts.workMs(provisionMs));
    job.startedAtMs = parts.wallMs();
    const turn = async (): Promise<boolean> => {
      while (!isStopping() && faults.hit(region, 'transform-stall') !== undefined) await sleep(clock, stalledLookMs);
      const fault = faults.hit(region, 'transform-fail');
      if (fault !== undefined)
        throw new TransformFailure(`${fault.errorType ?? 'InternalServerError'}: injected fault`);
      await sleep(clock, parts.workMs(callMs));
      return !isStopping();
    };
    await transformAll(job.request, { objects: parts.objects, container, turn });
    job.status = isStopping() ? 'Stopped' : 'Completed';
  } catch (error) {
    if (!(error instanceof TransformFailure)) console.error('simulator: a transform job broke:', error);
    job.status = isStopping() ? 'Stopped' : 'Failed';
    if (job.status === 'Failed')
      job.failure = error instanceof TransformFailure ? error.message : 'InternalServerError';
  }
  job.endedAtMs = parts.wallMs();
}

function summary({ request, arn, createdAtMs, status, endedAtMs, failure }: TransformJob): object {
  return {
    TransformJobName: request.name,
    TransformJobArn: arn,
    CreationTime: createdAtMs / 1_000,
    TransformJobStatus: status,
    ...(endedAtMs !== undefined && { TransformEndTime: endedAtMs / 1_000 }),
    ...(failure !== undefined && { FailureReason: failure }),
  };
}

function described(job: TransformJob): object {
  const { request, startedAtMs } = job;
  return {
    ...summary(job),
    ModelName: request.modelName,
    ...request.echoed,
    ...(startedAtMs !== undefined && { TransformStartTime: startedAtMs / 1_000 }),
  };
}

const mostListed = 100;

/** The newest first; `NextToken` is where to go on. */
function list(jobs: readonly TransformJob[], input: Readonly<Record<string, unknown>>): object {
  const { NameContains: part, StatusEquals: status, NextToken: token = '0', MaxResults: most = 10 } = input;
  const from = Number(token);
  const count = Number(most);
  if (!Number.isInteger(from) || !Number.isInteger(count) || count < 1 || count > mostListed)
    throw invalid(`MaxResults must be 1 to ${mostListed}, and NextToken one that was given.`);
  const found = jobs
    .filter(({ request }) => typeof part !== 'string' || request.name.includes(part))
    .filter(job => status === undefined || job.status === status)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const end = from + count;
  return {
    TransformJobSummaries: found.slice(from, end).map(summary),
    ...(end < found.length && { NextToken: String(end) }),
  };
}
