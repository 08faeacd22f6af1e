import { hash } from 'node:crypto';
import { chatTemplates } from '../core/chat-template.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { BrokenSse } from '../wire/chat/sse.ts';
import { BrokenStream } from '../wire/event-stream.ts';
import { parseObject } from '../wire/json-object.ts';
import { invokeOperation, streamOperation } from '../wire/sagemaker-runtime.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { includesUsage, openAiBody } from './chat-body.ts';
import { chatChunkReader, usageOfChat } from './chat-chunks.ts';
import type { FrameMeaning } from './frame-reader.ts';
import { fixedBy } from './sagemaker-invoke.ts';
import { chatThroughTgi } from './sagemaker-tgi.ts';

/** A chat completion at an endpoint whose container speaks OpenAI's protocol, such as vLLM, LMI or TGI, or TGI's own. */
export function chatAtEndpoint(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  if (target.template !== undefined)
    return chatThroughTgi(ports, target, chatTemplates[target.template], request, limits);
  const { fields, traceparent } = request;
  const body = openAiBody(request, target.servedModel);
  const passCounts = includesUsage(request);
  return awsCall(ports, ports.sagemaker, target, limits, {
    operation: limits.stream === undefined ? invokeOperation : streamOperation,
    fields: { ...fields, ...fixedBy(target), contentType: 'application/json', accept: 'application/json' },
    body,
    bodySha256: hash('sha256', body, 'hex'),
    traceparent,
    callerNamed: false,
    meaning: () => eventsInParts(limits.maxResponseBytes, passCounts),
    usage: (_, answer) => usageOfChat(parseObject(answer)),
  });
}

/** Server-sent events, cut into `PayloadPart`s as the container happened to write them. */
function eventsInParts(maxBytes: number, passCounts: boolean): FrameMeaning {
  const chunks = chatChunkReader(maxBytes, passCounts);
  const broken = (error: unknown) => (error instanceof BrokenSse ? new BrokenStream(error.message) : error);
  return {
    framing: 'chat',
    get held() {
      return chunks.held;
    },
    read: ({ payload }) => {
      try {
        return chunks.read(payload);
      } catch (error) {
        throw broken(error);
      }
    },
    end: () => {
      try {
        chunks.end();
      } catch (error) {
        throw broken(error);
      }
    },
    usage: chunks.usage,
  };
}
