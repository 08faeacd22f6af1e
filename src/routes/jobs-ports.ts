import type { Model } from '../core/model.ts';
import type { Caller, Hints, InvokeFields } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import type { LaterPorts } from './later.ts';

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
export interface JobRoutePorts extends LaterPorts {
  readonly admission: Admission;
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
}
