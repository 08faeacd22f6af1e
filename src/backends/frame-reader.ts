import type { AnswerStream, StreamEvent, Usage } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { BrokenStream, type Frame, FrameDecoder } from '../wire/event-stream.ts';
import { classify } from './classify.ts';
import type { Unfinished } from './failures.ts';
import type { EventReader } from './opened-stream.ts';
import type { ServiceName } from './refusal-rules.ts';
import { ToldFailure } from './told-failure.ts';

/** What the frames of one operation mean. Made anew for each stream. */
export interface FrameMeaning {
  readonly framing: AnswerStream['framing'];
  /** Events of the caller's, made of one frame; their payloads are what the model wrote. Throws `BrokenStream` or `ToldFailure`. */
  read(frame: Frame): readonly StreamEvent[];
  /** The connection ended in order: throws `BrokenStream` if the operation's last event had not come. */
  end?(): void;
  /** Counted by the stream itself, once it has ended. */
  usage?(): Usage | undefined;
  /** Bytes of an event that is not whole yet, where frames are no events. */
  readonly held?: number;
}

/** Reads an AWS event stream: the events of one operation, or the exception that ends them. */
export function frameReader(
  service: ServiceName,
  target: Target,
  maxBytes: number,
  meaning: FrameMeaning,
): EventReader {
  const decoder = new FrameDecoder(maxBytes);
  return {
    get held() {
      return decoder.held + (meaning.held ?? 0);
    },
    push: chunk => {
      try {
        const frames = decoder.push(chunk);
        const bad = frames.findIndex(frame => frame.headers[':message-type'] !== 'event');
        const exception = frames[bad];
        if (exception === undefined) return { events: frames.flatMap(meaning.read) };
        const events = frames.slice(0, bad).flatMap(meaning.read);
        return { events, failure: failureOf(service, exception, target) };
      } catch (error) {
        return { events: [], failure: broken(error) };
      }
    },
    end: () => {
      try {
        decoder.end();
        meaning.end?.();
        const usage = meaning.usage?.();
        return { outcome: 'ok', sent: true, ...(usage && { usage }) };
      } catch (error) {
        return broken(error);
      }
    },
  };
}

/** `PayloadPart`s of InvokeEndpointWithResponseStream: opaque pieces of what the container writes. */
export function payloadParts(): FrameMeaning {
  return { framing: 'sagemaker', read: ({ payload, bytes }) => [{ payload, frame: bytes }] };
}

function failureOf(service: ServiceName, { headers, payload }: Frame, { endpoint, model }: Target): Unfinished {
  const named = headers[':exception-type'] ?? headers[':error-code'] ?? 'ModelStreamError';
  // Within Bedrock's streams the names begin in lower case.
  const type = named.slice(0, 1).toUpperCase() + named.slice(1);
  const body = headers[':error-message'] === undefined ? payload : Buffer.from(headers[':error-message']);
  // Elsewhere they would be these statuses: what a call is refused for does not turn with the place it is told at.
  const { outcome, error, answer } = classify({
    service,
    status: type.startsWith('Validation') ? 400 : 500,
    headers: { 'x-amzn-errortype': type },
    body,
    endpoint,
    model,
    callerNamed: false,
  });
  return { outcome, error, sent: true, ...(answer && { answer }) };
}

function broken(error: unknown): Unfinished {
  if (error instanceof ToldFailure) return error.failure;
  if (!(error instanceof BrokenStream)) throw error;
  return { outcome: 'backend-fault', error: { type: 'BROKEN_STREAM', message: error.message }, sent: true };
}
