import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeEndpointCommand,
  DescribePipelineExecutionCommand,
  ListModelPackagesCommand,
  ListPipelineExecutionsCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import type { EndpointBuild } from '../core/build.ts';
import { type ControlClients, type ControlPorts, controlClients } from './control-clients.ts';
import type {
  BusEvent,
  BusResult,
  ControlPlane,
  ExecutionSearch,
  FoundExecution,
  PipelineExecution,
  PipelineStart,
  RegisteredPackage,
} from './control-plane.ts';
import { ControlPlaneError } from './control-plane.ts';

/** Codes that mean "not now": of one entry, or of the whole call. */
const passing = /Throttl|TooManyRequests|Internal|ServiceUnavailable|Timeout|RequestLimit|ResourceLimit|SlowDown/i;
/** Codes of calls that never left: the network's, and those of a client without keys or place. */
const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Error|CredentialsProviderError)$/;

/** SageMaker's and EventBridge's control planes over their own SDK clients: none of this is on the request path. */
export function awsControlPlane(ports: ControlPorts): ControlPlane & { stop(): void } {
  const clients: ControlClients = controlClients(ports);
  return {
    startPipeline: (region, start) => called(() => startPipeline(clients, region, start)),
    describeExecution: (region, arn) => called(() => describeExecution(clients, region, arn)),
    findExecution: (region, search) => called(() => findExecution(clients, region, search)),
    stopExecution: (region, arn, token) => called(() => stopExecution(clients, region, arn, token)),
    approvedPackages: (region, group) => called(() => approvedPackages(clients, region, group)),
    describeEndpoint: (region, endpoint) => called(() => describeEndpoint(clients, region, endpoint)),
    putEvents: (region, events) => called(() => putEvents(clients.eventBridge(region), events)),
    stop: clients.stop,
  };
}

async function startPipeline(clients: ControlClients, region: string, start: PipelineStart): Promise<string> {
  const { PipelineExecutionArn } = await clients.sagemaker(region).send(
    new StartPipelineExecutionCommand({
      PipelineName: start.pipeline,
      ClientRequestToken: start.token,
      PipelineExecutionDisplayName: start.displayName,
      PipelineExecutionDescription: start.description,
      PipelineParameters: Object.entries(start.parameters).map(([Name, Value]) => ({ Name, Value })),
    }),
  );
  if (PipelineExecutionArn === undefined) throw new ControlPlaneError('NoArn', 'the answer names no execution', true);
  return PipelineExecutionArn;
}

async function describeExecution(clients: ControlClients, region: string, arn: string): Promise<PipelineExecution> {
  const { PipelineExecutionStatus, FailureReason } = await clients
    .sagemaker(region)
    .send(new DescribePipelineExecutionCommand({ PipelineExecutionArn: arn }));
  if (PipelineExecutionStatus === undefined) throw new ControlPlaneError('NoStatus', 'the answer has no status', true);
  return { status: PipelineExecutionStatus, why: FailureReason };
}

async function findExecution(
  clients: ControlClients,
  region: string,
  { pipeline, displayName, sinceMs }: ExecutionSearch,
): Promise<FoundExecution | undefined> {
  const { PipelineExecutionSummaries = [] } = await clients.sagemaker(region).send(
    new ListPipelineExecutionsCommand({
      PipelineName: pipeline,
      CreatedAfter: new Date(sinceMs),
      SortBy: 'CreationTime',
      SortOrder: 'Ascending',
      MaxResults: 100,
    }),
  );
  const found = PipelineExecutionSummaries.find(each => each.PipelineExecutionDisplayName === displayName);
  if (found?.PipelineExecutionArn === undefined) return undefined;
  return { arn: found.PipelineExecutionArn, status: found.PipelineExecutionStatus ?? 'Executing' };
}

async function stopExecution(clients: ControlClients, region: string, arn: string, token: string): Promise<void> {
  await clients
    .sagemaker(region)
    .send(new StopPipelineExecutionCommand({ PipelineExecutionArn: arn, ClientRequestToken: token }));
}

async function approvedPackages(
  clients: ControlClients,
  region: string,
  group: string,
): Promise<readonly RegisteredPackage[]> {
  const { ModelPackageSummaryList = [] } = await clients.sagemaker(region).send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: group,
      ModelApprovalStatus: 'Approved',
      SortBy: 'CreationTime',
      SortOrder: 'Descending',
      MaxResults: 10,
    }),
  );
  return ModelPackageSummaryList.flatMap(({ ModelPackageVersion, ModelPackageArn, CreationTime }) =>
    ModelPackageVersion === undefined || ModelPackageArn === undefined
      ? []
      : [{ group, number: ModelPackageVersion, arn: ModelPackageArn, createdAtMs: CreationTime?.getTime() ?? 0 }],
  );
}

async function describeEndpoint(clients: ControlClients, region: string, endpoint: string): Promise<EndpointBuild> {
  const described = await clients.sagemaker(region).send(new DescribeEndpointCommand({ EndpointName: endpoint }));
  const { EndpointConfigName, EndpointStatus, LastModifiedTime, ProductionVariants = [] } = described;
  if (EndpointConfigName === undefined) throw new ControlPlaneError('NoConfig', 'the answer names no config', true);
  return {
    inService: EndpointStatus === 'InService',
    configName: EndpointConfigName,
    modifiedAtMs: LastModifiedTime?.getTime() ?? 0,
    images: ProductionVariants.flatMap(({ VariantName, DeployedImages = [] }) =>
      DeployedImages.map(
        ({ SpecifiedImage, ResolvedImage, ResolutionTime }) =>
          `${VariantName} ${ResolvedImage ?? SpecifiedImage} ${ResolutionTime?.getTime() ?? 0}`,
      ),
    ).sort(),
    capacity: ProductionVariants.map(
      ({ VariantName, CurrentWeight, DesiredWeight, CurrentInstanceCount, DesiredInstanceCount }) =>
        [VariantName, CurrentWeight, DesiredWeight, CurrentInstanceCount, DesiredInstanceCount].join(' '),
    ).sort(),
  };
}

async function putEvents(client: EventBridgeClient, events: readonly BusEvent[]): Promise<readonly BusResult[]> {
  const { Entries = [] } = await client.send(
    new PutEventsCommand({
      Entries: events.map(({ bus, source, detailType, detail, resources }) => ({
        EventBusName: bus,
        Source: source,
        DetailType: detailType,
        Detail: detail,
        Resources: [...resources],
      })),
    }),
  );
  return events.map((_, index) => {
    const { EventId, ErrorCode, ErrorMessage = '' } = Entries[index] ?? {};
    if (EventId !== undefined && ErrorCode === undefined) return { ok: true, id: EventId };
    const code = ErrorCode ?? 'NoResult';
    return { ok: false, code, message: ErrorMessage, retryable: ErrorCode === undefined || passing.test(code) };
  });
}

async function called<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof ControlPlaneError ? error : failure(error);
  }
}

/** Whatever a client throws, as one error: AWS's refusals have a status, what the network does has a code. */
function failure(error: unknown): ControlPlaneError {
  if (!(error instanceof Error)) return new ControlPlaneError('Unknown', String(error), true);
  const status = statusOf(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const retryable = status === undefined || status >= 500 || status === 429 || passing.test(error.name);
  const unsure = status === undefined ? !unsent.test(code) : status >= 500 && status !== 503;
  return new ControlPlaneError(status === undefined ? code : error.name, error.message, retryable, unsure);
}

function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
