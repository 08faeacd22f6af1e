import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { BreakerState } from '../core/events.ts';
import { type Breaker, type BreakerEvent, nextState } from './breaker.ts';

/** The longest delay `setTimeout` takes, ms. opossum's own half-open timer gets it, so that only our clock decides. */
const never = 2_147_483_647;

type Circuit = CircuitBreaker<[], void>;

/**
 * A breaker whose state opossum holds. Work is never fired through it: its error rate counts rejects, its filter turns
 * a cancellation into a success, and a late answer closes it, so outcomes are judged elsewhere and it is only told.
 */
export function opossumBreaker(): Breaker {
  let circuit = circuitIn('closed');
  let epoch = 0;
  let stoppedIn: BreakerState | undefined;
  const stateNow = (): BreakerState =>
    stoppedIn ?? (circuit.closed ? 'closed' : circuit.halfOpen ? 'half-open' : 'open');
  return {
    get state() {
      return stateNow();
    },
    get epoch() {
      return epoch;
    },
    apply(event: BreakerEvent) {
      const to = nextState(stateNow(), event);
      if (to === undefined || stoppedIn !== undefined) return false;
      if (to === 'open') circuit.open();
      else if (to === 'closed') circuit.close();
      else {
        // opossum has no call for this move, only a real-time timer: the next circuit is born half-open.
        circuit.shutdown();
        circuit = circuitIn('half-open');
      }
      if (to !== 'half-open') epoch += 1;
      return true;
    },
    stop() {
      stoppedIn = stateNow();
      circuit.shutdown();
    },
  };
}

/** A circuit without timers or statistics. The options are made afresh: opossum keeps and changes the object. */
function circuitIn(state: 'closed' | 'half-open'): Circuit {
  const options = {
    state: { enabled: true, closed: state === 'closed', halfOpen: state === 'half-open' },
    timeout: false as const,
    resetTimeout: never,
    rollingCountBuckets: 1,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // Given an emitter, opossum rotates its window on our word, which never comes, instead of on an interval.
    rotateBucketController: new EventEmitter(),
  };
  return new CircuitBreaker<[], void>(neverFired, options);
}

async function neverFired(): Promise<void> {
  throw new Error('no call goes through the circuit');
}
