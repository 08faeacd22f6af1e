import { hash } from 'node:crypto';
import type { ChatTemplate } from '../core/chat-template.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult, StreamEvent, Usage } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { type Completion, chatOfConverse } from '../wire/chat/answer.ts';
import { type Chunk, chatChunks } from '../wire/chat/chunks.ts';
import { SseDecoder } from '../wire/chat/sse.ts';
import { BrokenStream } from '../wire/event-stream.ts';
import { parseObject } from '../wire/json-object.ts';
import { invokeOperation, streamOperation } from '../wire/sagemaker-runtime.ts';
import { generateOf } from '../wire/tgi/generate.ts';
import { type Ending, generatedOf, pieceOf } from '../wire/tgi/generated.ts';
import { HeldStops } from '../wire/tgi/held-stops.ts';
import { Untranslatable } from '../wire/untranslatable.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { completionOf, includesUsage } from './chat-body.ts';
import type { FrameMeaning } from './frame-reader.ts';
import { refusedLocally } from './local-refusal.ts';
import { fixedBy } from './sagemaker-invoke.ts';
import { toldFailure } from './told-failure.ts';

/**
 * A chat completion at an endpoint whose container continues a text, in the shape of Text Generation Inference:
 * `inputs` and `parameters` there, `generated_text` and tokens back.
 */
export async function chatThroughTgi(
  ports: AwsPorts,
  target: Target,
  template: ChatTemplate,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const { json = {}, fields, traceparent } = request;
  const asked = translated(json, template);
  if (asked instanceof Untranslatable) return refusedLocally(400, asked.message, asked.field);
  const body = Buffer.from(JSON.stringify(asked.body));
  const completion = completionOf(ports, request);
  const result = await awsCall(ports, ports.sagemaker, target, limits, {
    operation: limits.stream === undefined ? invokeOperation : streamOperation,
    fields: { ...fields, ...fixedBy(target), contentType: 'application/json', accept: 'application/json' },
    body,
    bodySha256: hash('sha256', body, 'hex'),
    traceparent,
    callerNamed: false,
    meaning: () => tokensInParts(limits.maxResponseBytes, asked.stops, completion, includesUsage(request)),
  });
  return limits.stream === undefined ? asChat(result, asked.stops, completion) : result;
}

function translated(
  json: Readonly<Record<string, unknown>>,
  template: ChatTemplate,
): ReturnType<typeof generateOf> | Untranslatable {
  try {
    return generateOf(json, template);
  } catch (error) {
    if (error instanceof Untranslatable) return error;
    throw error;
  }
}

function asChat(result: AttemptResult, stops: readonly string[], completion: Completion): AttemptResult {
  const { answer } = result;
  if (result.outcome !== 'ok' || answer === undefined) return result;
  const generated = generatedOf(parsed(answer.body));
  if (generated === undefined) {
    const error = { type: 'UNREADABLE_ANSWER', message: 'an answer without generated_text' };
    return { outcome: 'backend-fault', error, sent: true, durationMs: result.durationMs };
  }
  const held = new HeldStops(stops);
  const text = held.push(generated.text) + held.end();
  const { stopReason, usage } = generated.ending ?? {};
  const chat = chatOfConverse({ output: { message: { content: [{ text }] } }, stopReason }, usage, completion);
  const headers = { 'content-type': 'application/json' };
  return {
    ...result,
    answer: { ...answer, headers, body: Buffer.from(JSON.stringify(chat)) },
    ...(usage && { usage }),
  };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // no answer of this shape
  }
}

/** Tokens as server-sent events, cut into `PayloadPart`s as the container happened to write them. */
function tokensInParts(
  maxBytes: number,
  stops: readonly string[],
  completion: Completion,
  includeUsage: boolean,
): FrameMeaning {
  const decoder = new SseDecoder(maxBytes);
  const held = new HeldStops(stops);
  const chunks = chatChunks(completion, includeUsage);
  let begun = false;
  let ending: Ending | undefined;
  const textChunks = (text: string) => (text === '' ? [] : [chunks.of('contentBlockDelta', { delta: { text } })]);
  const read = (data: string): (Chunk | undefined)[] => {
    const event = parseObject(Buffer.from(data)) ?? {};
    if (event['error'] !== undefined) throw toldFailure(event);
    const piece = pieceOf(event);
    if (piece === undefined) throw new BrokenStream('an event that holds no token');
    const made = [begun ? undefined : chunks.of('messageStart', {}), ...textChunks(held.push(piece.text))];
    begun = true;
    ending = piece.ending;
    if (ending === undefined) return made;
    made.push(...textChunks(held.end()), chunks.of('messageStop', { stopReason: ending.stopReason }));
    if (ending.usage !== undefined) made.push(chunks.counts(ending.usage));
    return made;
  };
  return {
    framing: 'chat',
    get held() {
      return decoder.held;
    },
    read: ({ payload }) => (ending === undefined ? decoder.push(payload).flatMap(read).flatMap(asEvent) : []),
    end: () => {
      if (ending === undefined) throw new BrokenStream('the stream ended before its last token');
    },
    usage: (): Usage | undefined => ending?.usage,
  };
}

function asEvent(chunk: Chunk | undefined): StreamEvent[] {
  return chunk === undefined
    ? []
    : [{ payload: Buffer.from(chunk.content), frame: Buffer.from(JSON.stringify(chunk.json)) }];
}
