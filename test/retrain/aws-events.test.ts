import fc from 'fast-check';
import { test } from 'tap';
import { readAwsEvent } from '../../src/retrain/aws-events.ts';

const event = (detailType: string, detail: object) => ({
  version: '0',
  id: 'x',
  source: 'aws.sagemaker',
  'detail-type': detailType,
  region: 'us-west-2',
  detail,
});
const approved = event('SageMaker Model Package State Change', {
  ModelPackageGroupName: 'rain',
  ModelPackageVersion: 3,
  ModelPackageArn: 'arn:aws:sagemaker:us-west-2:1:model-package/rain/3',
  ModelApprovalStatus: 'Approved',
});

test('events of SageMaker are read', async t => {
  const read = { kind: 'package-approved', group: 'rain', number: 3, arn: approved.detail };
  t.match(readAwsEvent(approved), { ...read, arn: /model-package\/rain\/3$/ });
  const rejected = {
    ...approved,
    time: '2025-10-20T06:48:00Z',
    detail: { ...approved.detail, ModelApprovalStatus: 'Rejected', CreationTime: '2025-10-20T06:00:00Z' },
  };
  const times = { judgedAtMs: Date.UTC(2025, 9, 20, 6, 48), createdAtMs: Date.UTC(2025, 9, 20, 6) };
  t.match(readAwsEvent(rejected), { kind: 'package-rejected', number: 3, ...times });
  const status = { pipelineExecutionArn: 'arn:x', currentPipelineExecutionStatus: 'Failed' };
  t.strictSame(readAwsEvent(event('SageMaker Model Building Pipeline Execution Status Change', status)), {
    kind: 'pipeline',
    executionArn: 'arn:x',
    status: 'Failed',
  });
  const endpoint = { EndpointName: 'rain-v1', EndpointStatus: 'InService' };
  t.strictSame(readAwsEvent(event('SageMaker Endpoint Deployment State Change', endpoint)), {
    kind: 'endpoint',
    endpoint: 'rain-v1',
    region: 'us-west-2',
    status: 'InService',
  });
});

test('what is not approved, not SageMaker’s or not known is nothing to do', async t => {
  const pending = { ...approved, detail: { ...approved.detail, ModelApprovalStatus: 'PendingManualApproval' } };
  const forged = { ...approved, source: 'my.app' };
  const odd = { ...approved, detail: { ...approved.detail, ModelPackageVersion: '3' } };
  for (const other of [pending, forged, odd, event('Something Else', {})])
    t.match(readAwsEvent(other), { kind: 'other' });
});

test('nothing that is posted breaks the reader', async () => {
  fc.assert(
    fc.property(fc.anything(), posted => {
      readAwsEvent(posted);
      readAwsEvent({ Message: posted });
      readAwsEvent({ 'detail-type': 'SageMaker Model Package State Change', source: 'aws.sagemaker', detail: posted });
    }),
  );
});

test('a type that every object has as a key is no event', async t => {
  const claimed = { kind: 'package-approved', group: 'rain', number: -1, arn: 3 };
  for (const detailType of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    t.strictSame(readAwsEvent(event(detailType, claimed)), { kind: 'other', detailType });
});
