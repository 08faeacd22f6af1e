import {
  CreateTransformJobCommand,
  DescribeTransformJobCommand,
  SageMakerClient,
  SageMakerServiceException,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import type { Clock } from '../core/clock.ts';
import { createPatience, NotAskedError } from './patience.ts';
import { type SdkPorts, sdkSettings } from './sdk-settings.ts';
import {
  type TransformPlane,
  TransformPlaneError,
  type TransformStart,
  type TransformState,
} from './transform-plane.ts';

/** What calling SageMaker's control plane needs of the rest. */
export interface TransformPorts extends SdkPorts {
  readonly clock: Clock;
  /** What signs in a region; `url` only where it is not AWS's own, which the SDK's endpoint rules know. */
  siteOf(region: string): { readonly url: string | undefined; readonly identity: string } | undefined;
}

/** Tries of one call, the SDK's own included; who calls tries again later, or elsewhere. */
const tries = 2;
const connectionsPerRegion = 8;

/** Transform jobs over the SDK's own client: none of this is on the request path. */
export function sagemakerTransforms(ports: TransformPorts): TransformPlane & { stopClients(): void } {
  const clients = new Map<string, { readonly site: string; readonly sagemaker: SageMakerClient }>();
  const clientOf = (region: string): SageMakerClient => {
    const site = ports.siteOf(region);
    if (site === undefined)
      throw new TransformPlaneError('NoSite', `nothing of the config signs for SageMaker in ${region}`, false);
    const known = clients.get(region);
    const key = JSON.stringify(site);
    if (known?.site === key) return known.sagemaker;
    known?.sagemaker.destroy();
    const sagemaker = new SageMakerClient({
      region,
      ...(site.url !== undefined && { endpoint: site.url }),
      maxAttempts: tries,
      ...sdkSettings(ports, site.identity, connectionsPerRegion),
    });
    const patience = createPatience(ports.clock, `SageMaker in ${region}`);
    sagemaker.middlewareStack.add(next => args => patience.run(() => next(args)), {
      step: 'initialize',
      priority: 'high',
    });
    clients.set(region, { site: key, sagemaker });
    return sagemaker;
  };
  return {
    create: (region, start) => called(() => create(clientOf(region), start)),
    describe: (region, jobName) => called(() => describe(clientOf(region), jobName)),
    stop: (region, jobName) => called(() => stop(clientOf(region), jobName)),
    stopClients: () => {
      for (const { sagemaker } of clients.values()) sagemaker.destroy();
      clients.clear();
    },
  };
}

async function create(sagemaker: SageMakerClient, start: TransformStart): Promise<void> {
  const byLine = start.split === 'line';
  try {
    await sagemaker.send(
      new CreateTransformJobCommand({
        TransformJobName: start.jobName,
        ModelName: start.modelName,
        MaxPayloadInMB: start.maxPayloadMb,
        MaxConcurrentTransforms: start.maxConcurrent,
        BatchStrategy: byLine && start.together ? 'MultiRecord' : 'SingleRecord',
        TransformInput: {
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: start.input } },
          ContentType: start.contentType,
          SplitType: byLine ? 'Line' : 'None',
        },
        TransformOutput: {
          S3OutputPath: start.output,
          Accept: start.accept,
          AssembleWith: byLine ? 'Line' : 'None',
        },
        TransformResources: {
          InstanceType: start.instance as 'ml.m5.large', // the SDK's list of types ends with its release
          InstanceCount: start.count,
        },
      }),
    );
  } catch (error) {
    if (error instanceof SageMakerServiceException && error.name === 'ResourceInUse') return;
    throw error;
  }
}

async function describe(sagemaker: SageMakerClient, jobName: string): Promise<TransformState | undefined> {
  const found = await unlessAbsent(sagemaker.send(new DescribeTransformJobCommand({ TransformJobName: jobName })));
  if (found === undefined) return undefined;
  const { TransformJobStatus: status, FailureReason, TransformStartTime, TransformEndTime } = found;
  if (status === undefined) throw new TransformPlaneError('NoStatus', 'the answer has no status', true);
  return {
    status,
    failure: FailureReason,
    startedAtMs: TransformStartTime?.getTime(),
    endedAtMs: TransformEndTime?.getTime(),
  };
}

async function stop(sagemaker: SageMakerClient, jobName: string): Promise<void> {
  try {
    await unlessAbsent(sagemaker.send(new StopTransformJobCommand({ TransformJobName: jobName })));
  } catch (error) {
    const isOver = error instanceof SageMakerServiceException && /is in status/i.test(error.message);
    if (!isOver) throw error;
  }
}

/** Undefined for a job that is not there: by its reference a `ResourceNotFound`, in fact a `ValidationException`. */
async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof SageMakerServiceException)) throw error;
    if (error.name === 'ResourceNotFound' || /could not find requested job/i.test(error.message)) return undefined;
    throw error;
  }
}

async function called<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failure(error);
  }
}

/** Refusals have a status: only of those below 500 it is known that nothing was done. */
function failure(error: unknown): TransformPlaneError {
  if (error instanceof TransformPlaneError) return error;
  if (error instanceof NotAskedError) return new TransformPlaneError(error.code, error.message, false);
  if (error instanceof SageMakerServiceException) {
    const status = error.$metadata.httpStatusCode ?? 500;
    return new TransformPlaneError(error.name, error.message, status >= 500);
  }
  if (!(error instanceof Error)) return new TransformPlaneError('Unknown', String(error), true);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return new TransformPlaneError(code, error.message, code !== 'ECONNREFUSED' && code !== 'ENOTFOUND');
}
