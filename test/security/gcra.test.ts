import fc from 'fast-check';
import { test } from 'tap';
import { gcra, type Rate } from '../../src/security/gcra.ts';

const rates = fc.record({
  perSecond: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
  burst: fc.integer({ min: 1, max: 50 }),
});
const gaps = fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { minLength: 1, maxLength: 100 });

/** When calls went through, of those that came after these gaps. */
function passed(rate: Rate, gapsMs: readonly number[]): { at: number; waitMs: number }[] {
  let [now, dueAt] = [1_000_000, 0];
  return gapsMs.map(gap => {
    now += gap;
    const decision = gcra(dueAt, now, rate);
    dueAt = decision.dueAt;
    return { at: now, waitMs: decision.waitMs };
  });
}

test('in no stretch of time do more pass than the burst and the rate over it', t => {
  fc.assert(
    fc.property(rates, gaps, (rate, gapsMs) => {
      const went = passed(rate, gapsMs).filter(({ waitMs }) => waitMs === 0);
      return went.every((first, from) =>
        went
          .slice(from)
          .every((last, more) => more + 1 <= rate.burst + ((last.at - first.at) / 1_000) * rate.perSecond + 1e-3),
      );
    }),
    { seed: 1 },
  );
  t.pass();
  t.end();
});

test('who keeps the rate is never refused, and who waits as told is let in', t => {
  fc.assert(
    fc.property(rates, gaps, (rate, gapsMs) => {
      const even = passed(
        rate,
        gapsMs.map(gap => gap + 1_000 / rate.perSecond),
      );
      return even.every(({ waitMs }) => waitMs === 0);
    }),
    { seed: 2 },
  );
  fc.assert(
    fc.property(rates, fc.nat({ max: 200 }), (rate, calls) => {
      let dueAt = 0;
      for (let call = 0; call < calls; call += 1) {
        const decision = gcra(dueAt, 1_000, rate);
        if (decision.waitMs > 0)
          return gcra(decision.dueAt, 1_000 + decision.waitMs, rate).waitMs === 0 && call === rate.burst;
        dueAt = decision.dueAt;
      }
      return true;
    }),
    { seed: 3 },
  );
  t.pass();
  t.end();
});

test('a clock that was set back does not shut a tenant out', t => {
  const rate = { perSecond: 10, burst: 5 };
  t.ok(gcra(1e12, 1_000, rate).waitMs <= 100, 'one interval, as after any burst');
  t.end();
});
