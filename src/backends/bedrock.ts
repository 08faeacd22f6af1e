import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { converse, converseStream, countTokens, invokeModel, invokeModelStream } from '../wire/bedrock-runtime.ts';
import { type AwsCall, type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits, Backend } from './backend.ts';
import { converseEvents, modelChunks } from './bedrock-events.ts';
import { usageOfBody, usageOfHeaders } from './bedrock-usage.ts';

/** Bedrock models, by model id or inference profile. */
export function bedrock(ports: AwsPorts): Backend {
  return { invoke: (target, request, limits) => call(ports, target, request, limits) };
}

function call(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const { body, bodySha256, traceparent, fields } = request;
  // Bedrock refuses a body without a type, and its formats are all JSON.
  const typed = { ...fields, contentType: fields.contentType ?? 'application/json' };
  const same = { fields: typed, body, bodySha256, traceparent, callerNamed: false };
  return awsCall(ports, ports.bedrock, target, limits, { ...same, ...wireOf(request, limits.stream !== undefined) });
}

function wireOf({ operation }: InferenceRequest, streamed: boolean): Pick<AwsCall, 'operation' | 'meaning' | 'usage'> {
  switch (operation) {
    case 'invoke':
      return { operation: streamed ? invokeModelStream : invokeModel, meaning: modelChunks, usage: usageOfHeaders };
    case 'converse':
      return { operation: streamed ? converseStream : converse, meaning: converseEvents, usage: usageOfBody };
    case 'count-tokens':
      return { operation: countTokens, meaning: converseEvents };
  }
}
