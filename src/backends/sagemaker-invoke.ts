import type { InferenceRequest, InvokeFields } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { invokeOperation, streamOperation } from '../wire/sagemaker-runtime.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { payloadParts } from './frame-reader.ts';
import { chatAtEndpoint } from './sagemaker-chat.ts';
import { inferAsInvoke } from './tensors.ts';

/** One signed call: a chat completion where that is asked, else InvokeEndpoint, or of InvokeEndpointWithResponseStream for a streaming request. Never rejects. */
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
  return awsCall(ports, ports.sagemaker, target, limits, {
    operation: limits.stream === undefined ? invokeOperation : streamOperation,
    fields: { ...fields, ...fixedBy(target) },
    body,
    bodySha256,
    traceparent,
    callerNamed: callerNamed(target, fields),
    meaning: payloadParts,
  });
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
