import { randomUUID } from 'node:crypto';
import type { CaptureOptions } from './capture-options.ts';
import { type CapturedCall, captureRecord, type Payload } from './capture-record.ts';
import type { MonitoredModel } from './ports.ts';
import { type CalledEvent, requestBytes } from './readable-call.ts';
import { redactInput, redactOutput } from './redact.ts';

/** Of a call: the caller's own, else the request's. */
export function idOf({ request }: CalledEvent): string {
  return request.fields.inferenceId ?? request.id;
}

/** A call's record as text; undefined when it would tell more than is allowed. */
export function lineOf(
  event: CalledEvent,
  { shape }: MonitoredModel,
  wanted: CaptureOptions,
  atMs: number,
): string | undefined {
  const { request, answer } = event;
  const whole: { input: Payload | undefined; output: Payload | undefined } = {
    input: { contentType: request.fields.contentType, body: requestBytes(request) },
    output: { contentType: answer?.headers['content-type'], body: answer?.body ?? Buffer.alloc(0) },
  };
  const allowed = wanted.features && new Set(wanted.features);
  const { input, output } = allowed === undefined ? whole : redacted(whole, shape, wanted, allowed);
  if (input === undefined || output === undefined) return undefined;
  const call: CapturedCall = {
    eventId: randomUUID(),
    inferenceId: idOf(event),
    customAttributes: allowed === undefined ? request.fields.customAttributes : undefined,
    atMs,
    input,
    output,
  };
  return JSON.stringify(captureRecord(call, wanted));
}

const nothing: Payload = { contentType: undefined, body: Buffer.alloc(0) };

/** Parts that are not kept need not be redacted. */
function redacted(
  whole: { input: Payload | undefined; output: Payload | undefined },
  shape: MonitoredModel['shape'],
  { options }: CaptureOptions,
  allowed: ReadonlySet<string>,
): { input: Payload | undefined; output: Payload | undefined } {
  return {
    input: options === 'output' || whole.input === undefined ? nothing : redactInput(shape, whole.input, allowed),
    output: options === 'input' || whole.output === undefined ? nothing : redactOutput(shape, whole.output),
  };
}
