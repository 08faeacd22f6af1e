import { setImmediate } from 'node:timers/promises';
import type { AsyncHosting } from '../../sim/endpoints/async.ts';
import { createEndpoint, type EndpointSpec } from '../../sim/endpoints/create.ts';
import type { InvokeFields } from '../../sim/invoke-fields.ts';
import type { ModelContainer } from '../../sim/model-port.ts';
import { randomStream } from '../../sim/random.ts';
import { createObjectStore } from '../../sim/s3/object-store.ts';
import { manualClock } from './manual-clock.ts';
import { echo } from './simulator.ts';

/** How a call ended, or `waiting`. */
export type CallState = 'waiting' | 'ok' | string;

/** One endpoint on a clock moved by hand, whose work takes exactly its median. */
export function hostEndpoint(spec: EndpointSpec, container: ModelContainer = echo) {
  const clock = manualClock();
  const warm = { allowed: true };
  const hosting: AsyncHosting = {
    region: 'us-east-1',
    clock,
    random: randomStream(1, 'test'),
    container: () => container,
    workMs: medianMs => medianMs,
    mayWarmUp: () => warm.allowed,
    objects: createObjectStore([], clock.wallMs),
    stalled: () => false,
    fails: () => false,
    notify: () => {},
  };
  const endpoint = createEndpoint(spec, hosting);
  const call = (fields: InvokeFields = {}) => {
    const seen: { state: CallState; variant: string } = { state: 'waiting', variant: '' };
    endpoint.invoke({ endpoint: spec.name, account: '123456789012', body: Buffer.from('x'), fields }).then(
      ({ variant }) => Object.assign(seen, { state: 'ok', variant }),
      error => {
        seen.state = error.type ?? String(error);
      },
    );
    return seen;
  };
  return {
    endpoint,
    warm,
    call,
    /** `count` calls at once. */
    calls: (count: number, fields: InvokeFields = {}) => Array.from({ length: count }, () => call(fields)),
    /** Moves time in small steps, letting what falls due run to its end. */
    advance: async (ms: number) => {
      await setImmediate();
      for (let left = ms; left > 0; left -= 1) {
        clock.advance(Math.min(1, left));
        await setImmediate();
      }
    },
    jump: async (ms: number) => {
      clock.advance(ms);
      await setImmediate();
    },
  };
}

/** How many calls are in each state. */
export function tally(calls: readonly { readonly state: CallState }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of calls) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
