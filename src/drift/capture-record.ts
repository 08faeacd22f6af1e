import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { CaptureOptions } from './capture-options.ts';
import { parse } from './json-values.ts';

const Part = Type.Object({
  observedContentType: Type.String(),
  mode: Type.Enum(['INPUT', 'OUTPUT']),
  data: Type.String(),
  encoding: Type.Enum(['CSV', 'JSON', 'BASE64']),
});
type Part = Static<typeof Part>;

/** A line of SageMaker's data capture (developer guide, "Capture data from real-time endpoint"). */
export const CaptureRecord = Type.Object({
  captureData: Type.Object({ endpointInput: Type.Optional(Part), endpointOutput: Type.Optional(Part) }),
  eventMetadata: Type.Object({
    eventId: Type.String(),
    inferenceTime: Type.String(),
    inferenceId: Type.Optional(Type.String()),
    customAttributes: Type.Optional(Type.Array(Type.String())),
  }),
  eventVersion: Type.Literal('0'),
});
export type CaptureRecord = Static<typeof CaptureRecord>;

/** A body and what it is. */
export interface Payload {
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** A call as it is captured. */
export interface CapturedCall {
  readonly eventId: string;
  /** The caller's own, else the request's. */
  readonly inferenceId: string;
  readonly customAttributes: string | undefined;
  /** Wall clock, ms. */
  readonly atMs: number;
  readonly input: Payload;
  readonly output: Payload;
}

/** The record of a call, with the parts that are wanted. */
export function captureRecord(call: CapturedCall, options: CaptureOptions): CaptureRecord {
  const { eventId, inferenceId, customAttributes, atMs } = call;
  return {
    captureData: {
      ...(options.options !== 'output' && { endpointInput: partOf('INPUT', call.input, options) }),
      ...(options.options !== 'input' && { endpointOutput: partOf('OUTPUT', call.output, options) }),
    },
    eventMetadata: {
      eventId,
      ...(customAttributes !== undefined && { customAttributes: [customAttributes] }),
      inferenceId,
      inferenceTime: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    },
    eventVersion: '0',
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Text only where it is one: what is not UTF-8 is kept as Base64, whatever its type says. */
function partOf(mode: Part['mode'], { contentType = '', body }: Payload, options: CaptureOptions): Part {
  const encoding = encodingOf(contentType, options);
  if (encoding !== 'BASE64') {
    try {
      return { observedContentType: contentType, mode, data: utf8.decode(body), encoding };
    } catch {
      // not UTF-8
    }
  }
  return { observedContentType: contentType, mode, data: Buffer.from(body).toString('base64'), encoding: 'BASE64' };
}

function encodingOf(contentType: string, { csvContentTypes, jsonContentTypes }: CaptureOptions): Part['encoding'] {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const among = (types: readonly string[]) => types.some(each => each.toLowerCase() === type);
  if (among(csvContentTypes)) return 'CSV';
  return among(jsonContentTypes) ? 'JSON' : 'BASE64';
}

/** A line of ground truth (developer guide, "Ingest ground truth labels and merge them with predictions"). */
export function truthRecord(inferenceId: string, truths: readonly (number | string | null)[]): object {
  const data = truths.map(truth => String(truth ?? '')).join('\n');
  return { groundTruthData: { data, encoding: 'CSV' }, eventMetadata: { eventId: inferenceId }, eventVersion: '0' };
}

/** Whose call a captured line, or one of ground truth, is about; undefined when it is neither. */
export function inferenceIdOf(line: string): string | undefined {
  const captured = readCaptureRecord(line);
  if (captured !== undefined) return captured.eventMetadata.inferenceId;
  const value = parse(line);
  return Value.Check(TruthRecord, value) ? value.eventMetadata.eventId : undefined;
}

const TruthRecord = Type.Object({
  groundTruthData: Type.Object({ data: Type.String() }),
  eventMetadata: Type.Object({ eventId: Type.String() }),
});

/** A captured line, whoever wrote it; undefined when it is none. */
export function readCaptureRecord(line: string): CaptureRecord | undefined {
  const value = parse(line);
  return Value.Check(CaptureRecord, value) ? value : undefined;
}

/** The body of one part; undefined when that part was not kept. */
export function payloadOf(part: Part | undefined): Payload | undefined {
  if (part === undefined) return undefined;
  return {
    contentType: part.observedContentType === '' ? undefined : part.observedContentType,
    body: Buffer.from(part.data, part.encoding === 'BASE64' ? 'base64' : 'utf8'),
  };
}
