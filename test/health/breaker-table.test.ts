import fc from 'fast-check';
import { test } from 'tap';
import type { BreakerState } from '../../src/core/events.ts';
import { type BreakerEvent, nextState } from '../../src/health/breaker.ts';
import { opossumBreaker } from '../../src/health/opossum-breaker.ts';

const events: readonly BreakerEvent[] = ['eject', 'ejection-over', 'recovered'];
const table: Readonly<Record<BreakerState, readonly (BreakerState | undefined)[]>> = {
  closed: ['open', undefined, undefined],
  open: [undefined, 'half-open', 'closed'],
  'half-open': ['open', undefined, 'closed'],
};

test('the transition table, row by row', async t => {
  for (const [state, row] of Object.entries(table)) {
    t.same(
      events.map(event => nextState(state as BreakerState, event)),
      row,
      state,
    );
  }
});

test('the breaker that opossum holds follows the table through any history', async t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), history => {
      const breaker = opossumBreaker();
      let state: BreakerState = 'closed';
      let epoch = 0;
      for (const event of history) {
        const to = nextState(state, event);
        if (breaker.apply(event) !== (to !== undefined)) return false;
        if (to === 'open' || to === 'closed') epoch += 1;
        state = to ?? state;
        if (breaker.state !== state || breaker.epoch !== epoch) return false;
      }
      breaker.stop();
      return breaker.state === state && !events.some(event => breaker.apply(event));
    }),
    { seed: 11, numRuns: 300 },
  );
  t.pass('no history leaves the table');
});
