import { hash } from 'node:crypto';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { parseObject } from '../wire/json-object.ts';
import { inferAnswer, instancesOf, outputsAsked } from '../wire/open-inference/infer.ts';
import { Untranslatable } from '../wire/untranslatable.ts';
import { refusedLocally } from './local-refusal.ts';

/** An infer call at an endpoint that takes the model's own JSON: made of the tensors, and into tensors again. */
export async function inferAsInvoke(
  target: Target,
  request: InferenceRequest,
  invoke: (request: InferenceRequest) => Promise<AttemptResult>,
): Promise<AttemptResult> {
  const { tensors, model, version } = target;
  const { json = {} } = request;
  if (tensors === undefined) throw new Error(`${target.name} declares no tensors`);
  try {
    const body = Buffer.from(JSON.stringify(instancesOf(json, tensors)));
    const id = typeof json['id'] === 'string' ? json['id'] : request.id;
    const asked = { id, model, version, outputs: outputsAsked(json, tensors) };
    const fields = { ...request.fields, contentType: 'application/json', accept: 'application/json' };
    const { json: _, ...plain } = request;
    const result = await invoke({
      ...plain,
      operation: 'invoke',
      fields,
      body,
      bodySha256: hash('sha256', body, 'hex'),
    });
    if (result.outcome !== 'ok' || result.answer === undefined) return result;
    const answer = inferAnswer(parseObject(result.answer.body), tensors, asked);
    if (answer === undefined) return unreadable(result.durationMs);
    const headers = { ...result.answer.headers, 'content-type': 'application/json' };
    return { ...result, answer: { ...result.answer, headers, body: Buffer.from(JSON.stringify(answer)) } };
  } catch (error) {
    if (error instanceof Untranslatable) return refusedLocally(400, error.message, error.field);
    throw error;
  }
}

function unreadable(durationMs: number): AttemptResult {
  const message = 'the answer holds no predictions of the outputs that `tensors` declares';
  return { outcome: 'backend-fault', error: { type: 'UNREADABLE_ANSWER', message }, sent: true, durationMs };
}
