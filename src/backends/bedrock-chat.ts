import { hash } from 'node:crypto';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult, StreamEvent, Usage } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { converse, converseStream } from '../wire/bedrock-runtime.ts';
import { type Completion, chatOfConverse, malformedBy } from '../wire/chat/answer.ts';
import { type Chunk, chatChunks } from '../wire/chat/chunks.ts';
import { converseOfChat } from '../wire/chat/request.ts';
import { parseObject } from '../wire/json-object.ts';
import { Untranslatable } from '../wire/untranslatable.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { converseEvents } from './bedrock-events.ts';
import { converseNames, usageIn, usageOfBody } from './bedrock-usage.ts';
import { completionOf, includesUsage } from './chat-body.ts';
import type { Unfinished } from './failures.ts';
import type { FrameMeaning } from './frame-reader.ts';
import { refusedLocally } from './local-refusal.ts';
import { ToldFailure } from './told-failure.ts';

/** A chat completion through Converse: translated there and back. */
export async function chatThroughConverse(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const { json = {}, fields, traceparent } = request;
  const body = translated(json);
  if (body instanceof Untranslatable) return refusedLocally(400, body.message, body.field);
  const completion = completionOf(ports, request);
  const result = await awsCall(ports, ports.bedrock, target, limits, {
    operation: limits.stream === undefined ? converse : converseStream,
    fields: { ...fields, contentType: 'application/json' },
    body,
    bodySha256: hash('sha256', body, 'hex'),
    traceparent,
    callerNamed: false,
    meaning: () => chatEvents(completion, includesUsage(request)),
    usage: usageOfBody,
  });
  return limits.stream === undefined ? asChat(result, completion) : result;
}

function translated(json: Readonly<Record<string, unknown>>): Buffer | Untranslatable {
  try {
    return Buffer.from(JSON.stringify(converseOfChat(json)));
  } catch (error) {
    if (error instanceof Untranslatable) return error;
    throw error;
  }
}

function asChat(result: AttemptResult, completion: Completion): AttemptResult {
  const { answer, usage } = result;
  if (result.outcome !== 'ok' || answer === undefined) return result;
  const converse = parseObject(answer.body);
  const wrong = malformedBy(converse?.['stopReason']);
  if (wrong !== undefined) return { ...malformedAnswer(wrong), durationMs: result.durationMs, ...(usage && { usage }) };
  const chat = chatOfConverse(converse, usage, completion);
  if (chat === undefined) {
    const error = { type: 'UNREADABLE_ANSWER', message: 'a Converse answer without a message' };
    return { outcome: 'backend-fault', error, sent: true, durationMs: result.durationMs };
  }
  const headers = { 'content-type': 'application/json' };
  return { ...result, answer: { ...answer, headers, body: Buffer.from(JSON.stringify(chat)) } };
}

/** Not the target's fault, and no other target's model would do better: so no other is asked, and none is ejected. */
function malformedAnswer(message: string): Unfinished {
  const refusal = { type: 'ModelErrorException', message };
  const body = Buffer.from(JSON.stringify({ message }));
  const answer = { status: 502, headers: { 'content-type': 'application/json' }, body, refusal };
  return { outcome: 'caller-fault', error: { type: 'MALFORMED_ANSWER', message }, answer, sent: true };
}

/** ConverseStream's events as chunks of a chat completion. */
function chatEvents(completion: Completion, includeUsage: boolean): FrameMeaning {
  const events = converseEvents();
  const chunks = chatChunks(completion, includeUsage);
  return {
    ...events,
    framing: 'chat',
    read: frame => {
      events.read(frame);
      const type = frame.headers[':event-type'];
      const members = parseObject(frame.payload) ?? {};
      const wrong = malformedBy(members['stopReason']);
      if (wrong !== undefined) throw new ToldFailure(malformedAnswer(wrong));
      const usage: Usage | undefined = type === 'metadata' ? usageIn(members['usage'], converseNames) : undefined;
      const chunk = usage === undefined ? chunks.of(type, members) : chunks.counts(usage);
      return chunk === undefined ? [] : [asEvent(chunk)];
    },
  };
}

function asEvent({ json, content }: Chunk): StreamEvent {
  return { payload: Buffer.from(content), frame: Buffer.from(JSON.stringify(json)) };
}
