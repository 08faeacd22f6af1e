import type { AttemptResult } from '../core/result.ts';

/**
 * A call that cannot succeed at this kind of target, answered as SageMaker would and without asking it.
 * @param field of the request that cannot be served, where it is one
 */
export function refusedLocally(status: number, message: string, field?: string): AttemptResult {
  return {
    outcome: 'caller-fault',
    answer: {
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationError' },
      body: Buffer.from(JSON.stringify({ message })),
      refusal: { type: 'ValidationError', message, ...(field !== undefined && { field }) },
    },
    error: { type: 'ValidationError', message },
    sent: false,
    durationMs: 0,
  };
}
