import type { AttemptResult } from '../core/result.ts';
import type { FailureKind, TransportFailure } from './transport-call.ts';

/** A result whose time is still to be added. */
export type Unfinished = Omit<AttemptResult, 'durationMs'>;

const outcomeOfFailure = {
  unreachable: 'unreachable',
  broken: 'backend-fault',
  'too-large': 'backend-fault',
  timeout: 'timeout',
  cancelled: 'cancelled',
  'no-room': 'cancelled',
  refused: 'misconfigured',
} as const satisfies Record<FailureKind, AttemptResult['outcome']>;

/** What a failure of the connection says of the target. */
export function fromFailure({ kind, code, message, sent }: TransportFailure): Unfinished {
  return { outcome: outcomeOfFailure[kind], error: { type: code, message }, sent };
}
