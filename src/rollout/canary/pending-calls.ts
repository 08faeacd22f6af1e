import type { FinishedCall, Trial } from './trial.ts';

/** A call between its choice and its end. */
export interface PendingCall extends FinishedCall {
  readonly trial: Trial;
}

/** Calls of experiments that are under way, by the request's id. */
export interface PendingCalls {
  has(requestId: string): boolean;
  add(requestId: string, call: PendingCall): void;
  of(requestId: string): PendingCall | undefined;
  /** The same, and forgets it. */
  take(requestId: string): PendingCall | undefined;
}

/** Calls that never end, such as those of jobs, are forgotten when so many came after them. */
const mostPending = 20_000;

/** None is under way. */
export function pendingCalls(): PendingCalls {
  const pending = new Map<string, PendingCall>();
  return {
    has: id => pending.has(id),
    add: (id, call) => {
      pending.set(id, call);
      if (pending.size <= mostPending) return;
      const [oldest] = pending.keys();
      if (oldest !== undefined) pending.delete(oldest);
    },
    of: id => pending.get(id),
    take: id => {
      const call = pending.get(id);
      pending.delete(id);
      return call;
    },
  };
}
