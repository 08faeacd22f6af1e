import type { JudgedPackage } from './versions.ts';

/** What the gateway makes of an AWS event that was posted to it. */
export type AwsEvent =
  | ({ readonly kind: 'package-approved' | 'package-rejected' } & JudgedPackage)
  | { readonly kind: 'pipeline'; readonly executionArn: string; readonly status: string }
  | { readonly kind: 'endpoint'; readonly endpoint: string; readonly region: string; readonly status: string }
  /** Well formed, and nothing to do. */
  | { readonly kind: 'other'; readonly detailType: string };

/**
 * Reads an EventBridge event, as an API destination posts it. Undefined for anything else. Event shapes: SageMaker
 * Developer Guide, "Events that SageMaker sends to EventBridge".
 */
export function readAwsEvent(posted: unknown): AwsEvent | undefined {
  const event = object(posted);
  const detailType = event?.['detail-type'];
  const detail = object(event?.['detail']);
  if (event === undefined || detail === undefined || typeof detailType !== 'string') return undefined;
  if (event['source'] !== 'aws.sagemaker') return { kind: 'other', detailType };
  // Own keys alone: `constructor` would hand back the detail itself, unread, as an event of the kind it claims to be.
  const read = Object.hasOwn(readers, detailType) ? readers[detailType] : undefined;
  return read?.(detail, event) ?? { kind: 'other', detailType };
}

type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (detail: Fields, event: Fields) => AwsEvent | undefined>> = {
  'SageMaker Model Package State Change': (detail, { time }) => {
    const { ModelPackageGroupName: group, ModelPackageVersion: number, ModelPackageArn: arn } = detail;
    const kind = judgements.get(detail['ModelApprovalStatus']);
    if (kind === undefined || typeof group !== 'string' || !isCount(number) || typeof arn !== 'string')
      return undefined;
    const [judgedAtMs, createdAtMs] = [msOf(time), msOf(detail['CreationTime'])];
    return {
      ...{ kind, group, number, arn },
      ...(judgedAtMs !== undefined && { judgedAtMs }),
      ...(createdAtMs !== undefined && { createdAtMs }),
    };
  },
  'SageMaker Model Building Pipeline Execution Status Change': detail => {
    const { pipelineExecutionArn: executionArn, currentPipelineExecutionStatus: status } = detail;
    if (typeof executionArn !== 'string' || typeof status !== 'string') return undefined;
    return { kind: 'pipeline', executionArn, status };
  },
  'SageMaker Endpoint Deployment State Change': (detail, { region }) => {
    const { EndpointName: endpoint, EndpointStatus: status } = detail;
    if (typeof endpoint !== 'string' || typeof region !== 'string' || typeof status !== 'string') return undefined;
    return { kind: 'endpoint', endpoint, region, status };
  },
};

const judgements: ReadonlyMap<unknown, 'package-approved' | 'package-rejected'> = new Map([
  ['Approved', 'package-approved'],
  ['Rejected', 'package-rejected'],
]);

function msOf(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function object(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
