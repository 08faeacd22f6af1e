import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Caller, Hints, InvokeFields } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import type { Identify } from '../security/callers.ts';
import type { Limits } from '../security/limits.ts';

/** A job as callers see it; rendered as it is. */
export type ShownJob = { readonly id: string } & Readonly<Record<string, unknown>>;

/** What a caller asks for with a payload. */
export interface JobRequest {
  readonly id: string;
  readonly model: Model;
  readonly caller: Caller;
  readonly fields: InvokeFields;
  readonly hints: Hints;
}

/** What the routes of jobs need of the gateway; everything follows the config in force. */
export interface JobRoutePorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly admission: Admission;
  readonly identify: Identify;
  /** Limits of tenants. */
  readonly tenants: Pick<Limits, 'enter'>;
  /** By name or alias. */
  model(name: string): Model | undefined;
  /** Resolves once the job cannot be lost; rejects with a `GatewayError`. */
  accept(request: JobRequest, payload: AsyncIterable<Buffer>): Promise<ShownJob>;
  find(id: string, caller: Caller): Promise<ShownJob>;
  result(
    id: string,
    caller: Caller,
  ): Promise<{ readonly bytes: number; readonly contentType: string; readonly body: AsyncIterable<Buffer> }>;
  /** The job that is withdrawn now; undefined when a job that was over is removed. */
  withdraw(id: string, caller: Caller): Promise<ShownJob | undefined>;
  /** An SNS message about a job, as it was posted; false when its topic is none of ours. */
  notify(message: unknown): Promise<boolean>;
  /** `idleMs`: longest pause between two pieces of a payload. `heldBytes`: memory an upload takes at most. */
  limits(): { readonly maxBytes: number; readonly idleMs: number; readonly heldBytes: number };
  onFault(error: unknown, requestId: string): void;
}
