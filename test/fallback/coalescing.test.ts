import fc from 'fast-check';
import { test } from 'tap';
import { GatewayError } from '../../src/core/errors.ts';
import { type CoalescerOptions, coalescer, retryKey } from '../../src/fallback/coalescing.ts';
import { callOf } from '../helpers/fallback-fixtures.ts';
import { manualClock } from '../helpers/manual-clock.ts';

/** A coalescer whose upstream calls are settled by hand. */
function bench(options: CoalescerOptions = {}) {
  const clock = manualClock();
  const calls: { key: string; signal: AbortSignal; answer: (value: string) => void; fail: (error: Error) => void }[] =
    [];
  const shared = coalescer<string>(clock, options);
  const ask = (key: string, deadlineMs = 1_000, lingerMs = 0) => {
    const leaver = new AbortController();
    const start = (signal: AbortSignal) =>
      new Promise<string>((answer, fail) => calls.push({ key, signal, answer, fail }));
    const call = { start, soFar: () => 'as far as it came' };
    const result = shared.run(key, call, { signal: leaver.signal, deadlineMs, lingerMs }).then(
      ({ value, joined, late }) => `${late ? 'late' : joined ? 'joined' : 'led'}: ${value}`,
      (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
    );
    return { result, leave: () => leaver.abort() };
  };
  return { clock, calls, shared, ask };
}
const settle = () => new Promise(resolve => setImmediate(resolve));

test('identical calls in flight share one upstream call, others do not', async t => {
  const { ask, calls, shared, clock } = bench();
  const asked = [ask('a'), ask('a'), ask('b'), ask('a')];
  t.same(
    calls.map(call => call.key),
    ['a', 'b'],
  );
  calls[0]?.answer('one');
  calls[1]?.answer('two');
  t.same(await Promise.all(asked.map(({ result }) => result)), ['led: one', 'joined: one', 'led: two', 'joined: one']);
  t.equal(shared.inFlight, 0);
  t.equal(clock.timers, 0, 'no timer is left');
  const next = ask('a');
  t.equal(calls.length, 3, 'an answered call is not joined');
  calls[2]?.answer('three');
  t.equal(await next.result, 'led: three');
});

test('a failure reaches every waiter, and none of them starts anew', async t => {
  const { ask, calls, shared } = bench();
  const asked = [ask('a'), ask('a'), ask('a')];
  calls[0]?.fail(new Error('region down'));
  t.same(await Promise.all(asked.map(({ result }) => result)), Array(3).fill('Error: region down'));
  t.equal(calls.length, 1);
  t.equal(shared.inFlight, 0);
});

test('a call that cannot even start fails its waiter and is forgotten', async t => {
  const { shared } = bench();
  const waiter = { signal: new AbortController().signal, deadlineMs: 10 };
  const thrown = shared.run(
    'a',
    {
      start: () => {
        throw new Error('at once');
      },
      soFar: () => '',
    },
    waiter,
  );
  await t.rejects(thrown, { message: 'at once' });
  t.equal(shared.inFlight, 0);
});

test('whoever leaves, the leader included, cancels nothing while another waits; the last one does', async t => {
  const { ask, calls, shared } = bench();
  const [leader, second, third] = [ask('a'), ask('a'), ask('a')];
  leader.leave();
  second.leave();
  t.equal(await leader.result, 'client-closed');
  t.equal(await second.result, 'client-closed');
  t.equal(calls[0]?.signal.aborted, false);
  third.leave();
  t.equal(await third.result, 'client-closed');
  t.equal(calls[0]?.signal.aborted, true);
  t.equal(shared.inFlight, 0);
  const fresh = ask('a');
  t.equal(calls.length, 2, 'a cancelled call is not joined');
  calls[0]?.fail(new Error('late, and nobody listens'));
  calls[1]?.answer('new');
  t.equal(await fresh.result, 'led: new');
});

test('a caller who has left already starts nothing', async t => {
  const { calls, shared } = bench();
  const call = { start: async () => 'never', soFar: () => '' };
  await t.rejects(shared.run('a', call, { signal: AbortSignal.abort(), deadlineMs: 10 }), { code: 'client-closed' });
  t.equal(calls.length + shared.inFlight, 0);
});

test('each waiter has a deadline of its own', async t => {
  const { ask, calls, clock } = bench();
  const [patient, hasty] = [ask('a', 1_000), ask('a', 100)];
  clock.advance(100);
  t.equal(await hasty.result, 'late: as far as it came');
  t.equal(calls[0]?.signal.aborted, false);
  clock.advance(900);
  t.equal(await patient.result, 'late: as far as it came');
  t.equal(calls[0]?.signal.aborted, true, 'nobody waits any more');
});

test('waiters are bounded', async t => {
  const { ask, calls } = bench({ maxWaiters: 2 });
  const asked = [ask('a'), ask('a'), ask('a')];
  t.equal(await asked[2]?.result, 'buffers-full');
  calls[0]?.answer('one');
  t.equal(await asked[1]?.result, 'joined: one');
  t.equal(calls.length, 1);
});

test('an abandoned call lingers for an SDK that comes back, then is cancelled', async t => {
  const { ask, calls, clock, shared } = bench();
  const first = ask('a', 1_000, 50);
  first.leave();
  t.equal(await first.result, 'client-closed');
  await settle();
  clock.advance(49);
  const retry = ask('a');
  clock.advance(500);
  t.equal(calls[0]?.signal.aborted, false, 'joined again in time');
  calls[0]?.answer('one');
  t.equal(await retry.result, 'joined: one');

  const second = ask('b', 1_000, 50);
  second.leave();
  await second.result;
  await settle();
  clock.advance(50);
  t.equal(calls[1]?.signal.aborted, true);
  t.equal(shared.inFlight + clock.timers, 0);
});

test('whatever callers do, everyone is answered and nothing is left behind', async t => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('ask' as const), key: fc.constantFrom('a', 'b') }),
    fc.record({ do: fc.constantFrom('leave' as const, 'answer' as const, 'fail' as const), which: fc.nat(9) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
      const { ask, calls, clock, shared } = bench();
      const asked: { result: Promise<string>; leave: () => void }[] = [];
      for (const next of steps) {
        if (next.do === 'ask') asked.push(ask(next.key));
        else if (next.do === 'wait') clock.advance(next.ms);
        else if (next.do === 'leave') asked[next.which]?.leave();
        else if (next.do === 'answer') calls[next.which]?.answer('yes');
        else calls[next.which]?.fail(new Error('no'));
        await settle();
      }
      clock.advance(1_000);
      const results = await Promise.all(asked.map(({ result }) => result));
      const known = /^(led|joined): yes$|^Error: no$|^client-closed$|^late: as far as it came$/;
      return results.every(result => known.test(result)) && shared.inFlight === 0 && clock.timers === 0;
    }),
    { numRuns: 100, seed: 7 },
  );
  t.pass('for every sequence tried');
});

test('a client’s own retry finds its first try whatever the model, and only that', t => {
  const first = callOf({ invocationId: 'inv-1' });
  const key = retryKey(first, 'eu');
  t.equal(retryKey({ ...first, id: 'request-2', clientAttempt: 2 }, 'eu'), key);
  const others = [
    callOf({ invocationId: 'inv-2' }),
    callOf({ invocationId: 'inv-1', body: 'other' }),
    callOf({ invocationId: 'inv-1', caller: { tenant: 'other' } }),
    callOf({ invocationId: 'inv-1', model: 'other' }),
    callOf({ invocationId: 'inv-1', fields: { accept: 'text/csv' } }),
  ];
  for (const other of others) t.not(retryKey(other, 'eu'), key);
  t.equal(retryKey(callOf(), 'eu'), undefined, 'no id, no key');
  t.equal(retryKey(callOf({ invocationId: 'inv-1', fields: { sessionId: 's' } }), 'eu'), undefined, 'a session');
  t.end();
});
