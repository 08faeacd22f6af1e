import type { InvokeFields } from '../core/request.ts';

/** What differs between the operations of AWS's inference services. */
export interface WireOperation {
  /** Percent-encoded, of an endpoint's name or a model's id. */
  path(endpoint: string): string;
  /** Sorted by name, as SigV4 wants them. */
  readonly requestHeaders: readonly (readonly [header: string, field: keyof InvokeFields])[];
  /** With the longest value taken, and the name under which callers of every protocol find it, if that is another. */
  readonly responseHeaders: readonly (readonly [header: string, longest: number, known?: string])[];
}
