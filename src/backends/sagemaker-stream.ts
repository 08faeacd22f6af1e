import type { Target } from '../core/target.ts';
import { BrokenStream, type Frame, FrameDecoder } from '../wire/event-stream.ts';
import { classify } from './classify.ts';
import type { Unfinished } from './failures.ts';
import type { EventReader } from './opened-stream.ts';

/** Reads the events of InvokeEndpointWithResponseStream: `PayloadPart`s, or the exception that ends them. */
export function payloadParts({ endpoint, model }: Target, maxBytes: number): EventReader {
  const decoder = new FrameDecoder(maxBytes);
  const read = (frame: Frame) => ({ payload: frame.payload, frame: frame.bytes });
  return {
    push: chunk => {
      try {
        const frames = decoder.push(chunk);
        const bad = frames.findIndex(frame => frame.headers[':message-type'] !== 'event');
        const exception = frames[bad];
        if (exception === undefined) return { events: frames.map(read) };
        return { events: frames.slice(0, bad).map(read), failure: failureOf(exception, endpoint, model) };
      } catch (error) {
        return { events: [], failure: broken(error) };
      }
    },
    end: () => {
      try {
        decoder.end();
        return { outcome: 'ok', sent: true };
      } catch (error) {
        return broken(error);
      }
    },
  };
}

function failureOf({ headers, payload }: Frame, endpoint: string, model: string): Unfinished {
  const type = headers[':exception-type'] ?? headers[':error-code'] ?? 'ModelStreamError';
  const body = headers[':error-message'] === undefined ? payload : Buffer.from(headers[':error-message']);
  // A status of 500: only types that say otherwise are not the target's fault.
  const { outcome, error } = classify({
    status: 500,
    headers: { 'x-amzn-errortype': type },
    body,
    endpoint,
    model,
    callerNamed: false,
  });
  return { outcome, error, sent: true };
}

function broken(error: unknown): Unfinished {
  if (!(error instanceof BrokenStream)) throw error;
  return { outcome: 'backend-fault', error: { type: 'BROKEN_STREAM', message: error.message }, sent: true };
}
