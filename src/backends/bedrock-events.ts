import type { Usage } from '../core/result.ts';
import { BrokenStream } from '../wire/event-stream.ts';
import { parseObject } from '../wire/json-object.ts';
import { chunkNames, converseNames, usageIn } from './bedrock-usage.ts';
import type { FrameMeaning } from './frame-reader.ts';

const nothing = Buffer.alloc(0);
const metricsKey = 'amazon-bedrock-invocationMetrics';

/**
 * Formats that say where they begin and end: Claude's messages by `type`, Nova's by a member. Of others, imported models'
 * among them, nothing tells that a stream which ends between two chunks is not whole.
 */
const lastEvents = [
  { first: 'message_start', last: 'message_stop' },
  { first: 'messageStart', last: 'messageStop' },
] as const;
type LastEvent = (typeof lastEvents)[number];

/** Whether a chunk is an event of this name; texts within it may hold the word as well. */
function holds(payload: Buffer, name: string): boolean {
  const event = parseObject(payload) ?? {};
  return event['type'] === name || Object.hasOwn(event, name);
}

/** `chunk`s of InvokeModelWithResponseStream: pieces in the model's own format; the last one carries the counts. */
export function modelChunks(): FrameMeaning {
  let usage: Usage | undefined;
  let begun = false;
  let awaited: LastEvent | undefined;
  return {
    framing: 'bedrock',
    read: ({ payload: json, bytes }) => {
      const encoded = parseObject(json)?.['bytes'];
      if (typeof encoded !== 'string') throw new BrokenStream('a chunk holds no bytes');
      const payload = Buffer.from(encoded, 'base64');
      if (!begun) awaited = lastEvents.find(({ first }) => payload.includes(first) && holds(payload, first));
      begun = true;
      if (awaited !== undefined && payload.includes(awaited.last) && holds(payload, awaited.last)) awaited = undefined;
      if (payload.includes(metricsKey)) usage = usageIn(parseObject(payload)?.[metricsKey], chunkNames) ?? usage;
      return [{ payload, frame: bytes }];
    },
    end: () => {
      if (!begun) throw new BrokenStream('the stream ended before its first chunk');
      if (awaited !== undefined) throw new BrokenStream(`the stream ended before its ${awaited.last}`);
    },
    usage: () => usage,
  };
}

/** What counts as content: the events before it promise nothing yet, and those after it carry none. */
const contentEvents: ReadonlySet<string | undefined> = new Set(['contentBlockStart', 'contentBlockDelta']);

/** The events of ConverseStream, from `messageStart` to `messageStop` and the counts. */
export function converseEvents(): FrameMeaning {
  let usage: Usage | undefined;
  let stopped = false;
  return {
    framing: 'bedrock',
    read: ({ headers, payload, bytes }) => {
      const type = headers[':event-type'];
      if (type === 'messageStop') stopped = true;
      if (type === 'metadata') usage = usageIn(parseObject(payload)?.['usage'], converseNames);
      return [{ payload: contentEvents.has(type) ? payload : nothing, frame: bytes }];
    },
    end: () => {
      if (!stopped) throw new BrokenStream('the stream ended before messageStop');
    },
    usage: () => usage,
  };
}
