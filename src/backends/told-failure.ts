import type { Unfinished } from './failures.ts';
import { fromHttpRefusal } from './http-refusal.ts';

/** What a server told within a stream went wrong. */
export class ToldFailure extends Error {
  readonly failure: Unfinished;

  constructor(failure: Unfinished) {
    super(failure.error?.message ?? '');
    this.name = 'ToldFailure';
    this.failure = failure;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** Kinds of Text Generation Inference that are not the server's own fault, and the status it gives them elsewhere. */
const statusOfType: Readonly<Record<string, number>> = { validation: 422, template_error: 422, overloaded: 429 };

/**
 * An event of a stream that tells an error, as vLLM and Text Generation Inference write it once the answer's status went
 * out: what it says of itself is believed as its status would have been, so that a call no server can serve is its
 * caller's fault.
 */
export function toldFailure(event: Json): ToldFailure {
  const { error, error_type: type } = event;
  const told = (typeof error === 'object' && error !== null ? error : {}) as Json;
  const status =
    [told['http_status_code'], told['code'], event['code'], statusOfType[String(type)]].find(isStatus) ?? 500;
  return new ToldFailure(
    fromHttpRefusal({ kind: 'answer', status, headers: {}, body: Buffer.from(JSON.stringify({ error })) }),
  );
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && value >= 400 && value < 600;
}
