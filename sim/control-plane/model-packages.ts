import type { Quality } from '../models/metrics.ts';
import { type ControlError, invalid, notFound, textOf } from './control-error.ts';
import type { EventBus } from './event-bus.ts';
import type { Operation } from './operation.ts';

const approvals = ['Approved', 'Rejected', 'PendingManualApproval'] as const;
/** Whether a version may be deployed. */
export type Approval = (typeof approvals)[number];

/** One version of a model as the registry has it. */
export interface ModelPackage {
  readonly group: string;
  readonly version: number;
  readonly arn: string;
  /** Name of the endpoints that serve it. */
  readonly endpoint: string;
  readonly quality: Quality;
  readonly createdAtMs: number;
  approval: Approval;
}

/** SageMaker's model registry of one region. */
export interface ModelRegistry {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Version the next package of the group gets. */
  nextVersion(group: string): number;
  /** Adds a package and tells of it. */
  register(pack: Omit<ModelPackage, 'arn'>): ModelPackage;
}

export function createModelRegistry(parts: {
  readonly region: string;
  readonly account: string;
  readonly events: EventBus;
}): ModelRegistry {
  const { region, account, events } = parts;
  const packages: ModelPackage[] = [];
  const groupArn = (group: string) => `arn:aws:sagemaker:${region}:${account}:model-package-group/${group}`;
  const find = (input: Readonly<Record<string, unknown>>, member: string): ModelPackage => {
    const name = textOf(input, member);
    const found = packages.find(({ arn }) => arn === name);
    if (found === undefined) throw notFound(`ModelPackage ${name}`);
    return found;
  };
  const tell = (pack: ModelPackage) =>
    events.emit({
      source: 'aws.sagemaker',
      detailType: 'SageMaker Model Package State Change',
      resources: [pack.arn],
      detail: { ...described(pack), ModelPackageName: pack.group },
    });
  return {
    nextVersion: group => packages.filter(pack => pack.group === group).length + 1,
    register: fields => {
      const arn = `arn:aws:sagemaker:${region}:${account}:model-package/${fields.group}/${fields.version}`;
      const pack = { ...fields, arn };
      packages.push(pack);
      tell(pack);
      return pack;
    },
    operations: {
      DescribeModelPackage: input => described(find(input, 'ModelPackageName')),
      ListModelPackages: input => {
        const { ModelPackageGroupName: group, ModelApprovalStatus: approval } = input;
        const own = packages
          .filter(pack => group === undefined || pack.group === group)
          .filter(pack => approval === undefined || pack.approval === approval)
          .toReversed();
        return { ModelPackageSummaryList: own.map(described) };
      },
      DescribeModelPackageGroup: input => {
        const group = textOf(input, 'ModelPackageGroupName');
        const [first] = packages.filter(pack => pack.group === group);
        if (first === undefined) throw notFound(`ModelPackageGroup ${group}`);
        return {
          ModelPackageGroupName: group,
          ModelPackageGroupArn: groupArn(group),
          ModelPackageGroupStatus: 'Completed',
          CreationTime: first.createdAtMs / 1_000,
        };
      },
      UpdateModelPackage: input => {
        const pack = find(input, 'ModelPackageArn');
        const approval = approvals.find(known => known === input['ModelApprovalStatus']);
        if (approval === undefined) throw unknownApproval();
        pack.approval = approval;
        tell(pack);
        return { ModelPackageArn: pack.arn };
      },
    },
  };
}

function unknownApproval(): ControlError {
  return invalid(`ModelApprovalStatus must satisfy enum value set: [${approvals.join(', ')}]`);
}

function described({ group, version, arn, endpoint, quality, approval, createdAtMs }: ModelPackage): object {
  return {
    ModelPackageGroupName: group,
    ModelPackageVersion: version,
    ModelPackageArn: arn,
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: approval,
    CreationTime: createdAtMs / 1_000,
    CustomerMetadataProperties: {
      endpoint,
      heldOutRows: String(quality.rows),
      heldOutBrier: quality.brier.toFixed(4),
      heldOutAuc: quality.auc.toFixed(4),
    },
  };
}
