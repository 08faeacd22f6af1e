import type { InferenceRequest, InvokeFields } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { WireOperation } from '../wire/aws-operation.ts';
import { asyncOperation, invokeOperation, streamOperation } from '../wire/sagemaker-runtime.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { payloadParts } from './frame-reader.ts';
import { chatAtEndpoint } from './sagemaker-chat.ts';
import { inferAsInvoke } from './tensors.ts';

/**
 * One signed call: a chat completion or tensors where those are asked, else InvokeEndpoint or its streamed or asynchronous
 * sibling. Never rejects.
 */
export function invokeEndpoint(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  if (request.operation === 'chat') return chatAtEndpoint(ports, target, request, limits);
  if (request.operation === 'infer')
    return inferAsInvoke(target, request, plain => invokeEndpoint(ports, target, plain, limits));
  const { body, bodySha256, traceparent, fields } = request;
  const inputLocation = request.queued?.inputs?.get(target.region);
  return awsCall(ports, ports.sagemaker, target, limits, {
    operation: operationOf(request, limits),
    fields: { ...fields, ...fixedBy(target), ...(inputLocation !== undefined && { inputLocation }) },
    body,
    bodySha256,
    traceparent,
    callerNamed: callerNamed(target, fields),
    meaning: payloadParts,
  });
}

function operationOf(request: InferenceRequest, limits: AttemptLimits): WireOperation {
  if (request.queued !== undefined) return asyncOperation;
  return limits.stream === undefined ? invokeOperation : streamOperation;
}

/** What the target fixes outranks the caller's wish. */
export function fixedBy({ variant, component, targetModel }: Target): InvokeFields {
  return {
    ...(variant !== undefined && { targetVariant: variant }),
    ...(component !== undefined && { inferenceComponent: component }),
    ...(targetModel !== undefined && { targetModel }),
  };
}

function callerNamed(target: Target, fields: InvokeFields): boolean {
  return (
    (fields.targetVariant !== undefined && target.variant === undefined) ||
    (fields.inferenceComponent !== undefined && target.component === undefined) ||
    (fields.targetModel !== undefined && target.targetModel === undefined)
  );
}
