import type { Operation } from '../core/operation.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { converse, converseStream, countTokens, invokeModel, invokeModelStream } from '../wire/bedrock-runtime.ts';
import { type AwsCall, type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits, Backend } from './backend.ts';
import { chatThroughConverse } from './bedrock-chat.ts';
import { embeddingsThroughInvoke } from './bedrock-embeddings.ts';
import { converseEvents, modelChunks } from './bedrock-events.ts';
import { usageOfBody, usageOfHeaders } from './bedrock-usage.ts';
import { inferAsInvoke } from './tensors.ts';

/** Bedrock models, by model id or inference profile. */
export function bedrock(ports: AwsPorts): Backend {
  return {
    invoke: (target, request, limits) => {
      if (request.operation === 'chat') return chatThroughConverse(ports, target, request, limits);
      if (request.operation === 'embeddings') return embeddingsThroughInvoke(ports, target, request, limits);
      if (request.operation === 'infer')
        return inferAsInvoke(target, request, plain => call(ports, target, plain, 'invoke', limits));
      return call(ports, target, request, request.operation, limits);
    },
  };
}

function call(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  operation: Own,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const { body, bodySha256, traceparent, fields } = request;
  // Bedrock refuses a body without a type, and its formats are all JSON.
  const typed = { ...fields, contentType: fields.contentType ?? 'application/json' };
  const same = { fields: typed, body, bodySha256, traceparent, callerNamed: false };
  return awsCall(ports, ports.bedrock, target, limits, { ...same, ...wireOf(operation, limits.stream !== undefined) });
}

/** Operations of Bedrock's own; the others are translated. */
type Own = Exclude<Operation, 'chat' | 'embeddings' | 'infer'>;

function wireOf(operation: Own, streamed: boolean): Pick<AwsCall, 'operation' | 'meaning' | 'usage'> {
  switch (operation) {
    case 'invoke':
      return { operation: streamed ? invokeModelStream : invokeModel, meaning: modelChunks, usage: usageOfHeaders };
    case 'converse':
      return { operation: streamed ? converseStream : converse, meaning: converseEvents, usage: usageOfBody };
    case 'count-tokens':
      return { operation: countTokens, meaning: converseEvents };
  }
}
