import { EventStreamCodec } from '@smithy/core/event-streams';

const codec = new EventStreamCodec(
  input => (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')),
  input => Buffer.from(input, 'utf8'),
);

/** One `PayloadPart` event of `InvokeEndpointWithResponseStream`. */
export function payloadPart(payload: Uint8Array): Buffer {
  return frame(
    { ':event-type': 'PayloadPart', ':content-type': 'application/octet-stream', ':message-type': 'event' },
    payload,
  );
}

/** One event of Bedrock's streams: its name in a header, its members as JSON. */
export function eventFrame(type: string, members: object): Buffer {
  return frame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(JSON.stringify(members)),
  );
}

/** An exception within a stream: its type in a header, its members as JSON. */
export function exceptionFrame(type: string, members: object): Buffer {
  return frame(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    Buffer.from(JSON.stringify(members)),
  );
}

function frame(headers: Readonly<Record<string, string>>, body: Uint8Array): Buffer {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }] as const);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body }));
}
