import fc from 'fast-check';
import { test } from 'tap';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Target } from '../../src/core/target.ts';
import { createCallSizes } from '../../src/routing/cost.ts';
import { createLedger } from '../../src/routing/ledger.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { serverlessTarget, targetOf } from '../helpers/routing-fixtures.ts';

const hour = 3_600_000;
const instance = targetOf({ price: { basis: 'instance', usdPerHour: 3.6, count: 2, dataUsdPerGb: 0 } });

function bench(replicas = 1) {
  const clock = manualClock();
  const ledger = createLedger({ clock, sizes: createCallSizes(), replicas: () => replicas });
  const call = (target: Target, outcome: Outcome = 'ok', durationMs = 50, sent = true) => {
    const answer = outcome === 'ok' ? { answer: { status: 200, headers: {}, body: Buffer.alloc(100) } } : {};
    const result = { outcome, sent, durationMs, ...answer };
    return ledger.charge({ target, result, reason: 'first' }, { body: Buffer.alloc(1_000) });
  };
  return { clock, ledger, call };
}

test('calls share what the instances cost while they served', t => {
  const { clock, call } = bench();
  clock.advance(1_000);
  t.match(call(instance), { marginalUsd: 0, amortisedUsd: 0.002 });
  t.match(call(instance), { amortisedUsd: 0 }, 'that second is paid for');
  clock.advance(500);
  t.match(call(instance), { amortisedUsd: 0.001 });
  t.end();
});

test('a call after a quiet night does not pay for the night', t => {
  const { clock, call, ledger } = bench();
  clock.advance(10 * hour);
  const paid = call(instance).amortisedUsd ?? 0;
  t.match(paid, 0.12);
  t.ok(Math.abs((ledger.endpoints()[0]?.idleUsd ?? 0) - (72 - 0.12)) < 1e-9);
  t.end();
});

test('used, idle and pending dollars are exactly the hours that passed', t => {
  const waits = fc.array(fc.integer({ min: 0, max: 3 * hour }), { minLength: 1, maxLength: 30 });
  const check = () =>
    fc.assert(
      fc.property(waits, steps => {
        const { clock, call, ledger } = bench();
        let charged = 0;
        for (const wait of steps) {
          clock.advance(wait);
          charged += call(instance).amortisedUsd ?? 0;
        }
        clock.advance(90_000);
        const [account] = ledger.endpoints();
        if (account === undefined || Math.abs(account.usedUsd - charged) > 1e-9) return false;
        const elapsedMs = steps.reduce((sum, wait) => sum + wait, 90_000);
        return Math.abs(account.usedUsd + account.idleUsd + account.pendingUsd - (7.2 * elapsedMs) / hour) < 1e-6;
      }),
    );
  t.doesNotThrow(check);
  t.end();
});

test('targets on one endpoint share its hours instead of paying them twice', t => {
  const { clock, call, ledger } = bench();
  const sea = { ...instance, id: 'a', targetModel: 'SEA' };
  const jfk = { ...instance, id: 'b', targetModel: 'JFK' };
  clock.advance(1_000);
  t.match(call(sea).amortisedUsd, 0.002);
  t.match(call(jfk).amortisedUsd, 0);
  t.equal(ledger.endpoints().length, 1);
  t.end();
});

test('each replica counts its part of the hours', t => {
  const { clock, call } = bench(4);
  clock.advance(1_000);
  t.match(call(instance).amortisedUsd, 0.0005);
  t.end();
});

test('attempts that did no work cost nothing', t => {
  const { clock, call } = bench();
  clock.advance(1_000);
  for (const outcome of ['throttled', 'cold', 'misconfigured', 'unreachable'] satisfies Outcome[]) {
    t.strictSame(call(serverlessTarget(), outcome), { marginalUsd: 0, amortisedUsd: 0 }, outcome);
  }
  t.strictSame(call(serverlessTarget(), 'timeout', 50, false), { marginalUsd: 0, amortisedUsd: 0 }, 'never sent');
  t.ok((call(serverlessTarget(), 'timeout', 1_000).marginalUsd ?? 0) > 0.00004, 'one that ran into its limit did work');
  t.end();
});

test('serverless has no hours: both dollars are the same', t => {
  const { call } = bench();
  const { marginalUsd, amortisedUsd } = call(serverlessTarget(), 'ok', 500);
  t.ok((marginalUsd ?? 0) >= 0.00002);
  t.equal(amortisedUsd, marginalUsd);
  t.end();
});

test('an unknown price stays unknown', t => {
  const { call, ledger } = bench();
  t.strictSame(call(targetOf({ price: { basis: 'unknown' } })), { marginalUsd: undefined, amortisedUsd: undefined });
  t.strictSame(ledger.targets(), []);
  t.end();
});

test('accounts add up what was charged', t => {
  const { clock, call, ledger } = bench();
  let sum = 0;
  for (let index = 0; index < 10; index += 1) {
    clock.advance(100);
    sum += call(instance).amortisedUsd ?? 0;
  }
  t.match(ledger.targets(), [{ target: instance, attempts: 10, amortisedUsd: sum }]);
  t.end();
});
