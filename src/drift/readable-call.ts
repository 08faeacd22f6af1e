import type { GatewayEvent } from '../core/events.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { DrawnCall } from '../core/split.ts';
import type { Bound } from './scope.ts';

/** Of a call that went to targets. */
export type CalledEvent = Extract<GatewayEvent, { type: 'version-called' }>;
const empty = Buffer.alloc(0);

/** What is kept of a call until it is read: no more than it takes, since much may wait. */
export interface ReadableCall {
  /** The bytes of the model's own format, or of JSON: see `requestBytes`. */
  readonly request: Pick<InferenceRequest, 'body' | 'json' | 'binary'>;
  readonly requestType: string | undefined;
  readonly answer: Buffer;
  readonly answerType: string | undefined;
  readonly inferenceId: string;
  readonly tenant: string;
  readonly residency: string;
  /** Where it may be served. */
  readonly bound: Bound;
  readonly atMs: number;
  /** Set where the call is part of a canary. */
  readonly drawn: DrawnCall | undefined;
}

/** A call as it waits to be read. */
export function readableCall({ request, answer, attempts, arm }: CalledEvent, atMs: number): ReadableCall {
  const target = attempts.findLast(({ result }) => result.answer === answer)?.target;
  return {
    request: { body: request.body, ...(request.binary && { binary: true, json: request.json ?? {} }) },
    requestType: request.fields.contentType,
    answer: answer?.body ?? empty,
    answerType: answer?.headers['content-type'],
    inferenceId: request.fields.inferenceId ?? request.id,
    tenant: request.caller.tenant,
    residency: attempts.at(-1)?.target.residency ?? '',
    bound: { caller: request.caller, hints: request.hints },
    atMs,
    drawn: arm && target && { arm, region: target.region, answeredAtMs: atMs },
  };
}

/** A request's bytes: tensors that came in their binary form as the JSON they stand for, which is all that is read here. */
export function requestBytes({ body, json, binary }: Pick<InferenceRequest, 'body' | 'json' | 'binary'>): Buffer {
  return binary ? Buffer.from(JSON.stringify(json)) : body;
}

/** Whether a call has an answer by a model, of an operation whose bodies are the model's own or tensors. */
export function tells({ answer, request: { operation } }: CalledEvent): boolean {
  return answer !== undefined && answer.status < 300 && (operation === 'invoke' || operation === 'infer');
}

/** The version that answered, which is another than the first chosen when the call moved. */
export function versionOf({ attempts, answer, version }: CalledEvent): string {
  return attempts.findLast(({ result }) => result.answer === answer)?.target.version ?? version;
}

/** Answers are remembered by their number: one whose predictions are longer texts is not among them. */
const mostKeptCharacters = 16_384;

/** Whether predictions are texts too long to be kept until their truth comes. */
export function isTooLong(predictions: readonly (number | string)[]): boolean {
  let characters = 0;
  for (const each of predictions) if (typeof each === 'string') characters += each.length;
  return characters > mostKeptCharacters;
}
