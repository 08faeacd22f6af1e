import type { DrawnCall } from '../core/split.ts';
import type { RememberedCall } from './drift.ts';
import type { Erased } from './erasure.ts';
import { isObject, parse } from './json-values.ts';

/** A remembered answer, and the ground truth it was joined with, if it was. */
export interface KeptCall extends RememberedCall {
  /** As canonical text. */
  readonly joined: string | undefined;
  /** Another answer was given under the same inference id: nobody can tell which of them a truth is of. */
  readonly ambiguous?: boolean;
}

/** Of the same model and version, with the same predictions: which of them a truth is of makes no difference. */
export function sameAnswer(a: RememberedCall, b: RememberedCall): boolean {
  const { model, version, predictions } = a;
  if (model !== b.model || version !== b.version || predictions.length !== b.predictions.length) return false;
  return predictions.every((each, index) => each === b.predictions[index]);
}

/** Whether an answer is one of those to be removed. */
export function isErased(what: Erased, call: RememberedCall): boolean {
  return 'tenant' in what ? call.tenant === what.tenant : call.inferenceId === what.inferenceId;
}

/** A call as it was written down; undefined when it is none. */
export function decodeCall(text: string): KeptCall | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  const { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined, ambiguous, drawn, scope } =
    value;
  const texts = [inferenceId, model, version, tenant, residency].every(each => typeof each === 'string');
  const scalar = (each: unknown) => typeof each === 'string' || typeof each === 'number';
  if (!texts || typeof answeredAt !== 'number' || !Array.isArray(predictions) || !predictions.every(scalar))
    return undefined;
  if (joined !== undefined && typeof joined !== 'string') return undefined;
  const call = { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined };
  const whose = typeof scope === 'string' && { scope };
  return { ...call, ...whose, ...(ambiguous === true && { ambiguous }), ...(isDrawn(drawn) && { drawn }) } as KeptCall;
}

function isDrawn(value: unknown): value is DrawnCall {
  if (!isObject(value) || !isObject(value['arm'])) return false;
  const { canary, side, share } = value['arm'];
  const known = typeof canary === 'string' && (side === 'canary' || side === 'stable') && typeof share === 'number';
  return known && typeof value['region'] === 'string' && typeof value['answeredAtMs'] === 'number';
}
