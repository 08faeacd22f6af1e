import fc from 'fast-check';
import { test } from 'tap';
import { type Credentials, refreshAt, refresher, staticKeys } from '../../src/backends/credentials.ts';
import type { GatewayEvent } from '../../src/core/events.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const hour = 3_600_000;
const minute = 60_000;

/** A refresher whose source does what `next` says: a lifetime in ms, an error message, or hanging. */
function scene(first: number | string | 'hang') {
  const clock = manualClock();
  const events: Extract<GatewayEvent, { type: 'credentials-changed' }>[] = [];
  const state = { next: first, asked: 0 };
  const keys = refresher(
    {
      clock,
      random: () => 0.5,
      emit: event => {
        if (event.type === 'credentials-changed') events.push(event);
      },
    },
    'role@us-east-1',
    stopped => {
      state.asked += 1;
      const { next } = state;
      if (next === 'hang')
        return new Promise((_, reject) => stopped.addEventListener('abort', () => reject(stopped.reason)));
      if (typeof next === 'string') return Promise.reject(new Error(next));
      const fresh: Credentials = {
        accessKeyId: `key-${state.asked}`,
        secretAccessKey: 'secret',
        expiresAtMs: clock.wallMs() + next,
      };
      return Promise.resolve(fresh);
    },
  );
  const settled = () => new Promise<void>(resolve => setImmediate(resolve));
  /** Moves on a minute at a time, letting refreshes finish in between. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= minute) {
      clock.advance(Math.min(left, minute));
      await settled();
    }
  };
  return { clock, events, state, keys, pass, settled };
}

test('there are keys once the first try is over', async t => {
  const { keys, events } = scene(hour);
  t.equal(keys.current(), undefined);
  await keys.ready();
  t.equal(keys.current()?.accessKeyId, 'key-1');
  t.match(events, [{ identity: 'role@us-east-1', ok: true, detail: /until 2025-10-20T07:48/ }]);
});

test('a first try that fails leaves no keys, is told, and is repeated until it works', async t => {
  const { keys, events, state, pass } = scene('STS is down');
  await keys.ready();
  t.equal(keys.current(), undefined);
  t.match(events, [{ ok: false, detail: /STS is down; none are left/ }]);
  state.next = hour;
  await pass(minute);
  t.ok(keys.current());
  t.match(events.at(-1), { ok: true });
});

test('a refresh that keeps failing is told once, then when it fails otherwise and when no keys are left', async t => {
  const { events, state, pass } = scene(hour);
  state.next = 'STS is down, request 1';
  await pass(46 * minute);
  state.next = 'STS is down, request 2';
  await pass(hour);
  t.ok(state.asked > 20, 'it kept trying');
  t.match(
    events.map(({ detail }) => detail),
    [/until/, /STS is down, request 1; the last good ones still serve/, /STS is down, request 2; none are left/],
  );
  t.equal(events.length, 3);
  state.next = hour;
  await pass(minute);
  t.match(events.slice(3), [{ ok: true }]);
  state.next = 'STS is down again';
  await pass(hour - minute);
  t.match(events.slice(4), [{ ok: false, detail: /STS is down again/ }]);
});

test('keys are replaced a quarter hour before they expire', async t => {
  const { keys, state, pass } = scene(hour);
  await keys.ready();
  await pass(40 * minute);
  t.equal(state.asked, 1);
  await pass(5 * minute);
  t.equal(state.asked, 2);
  t.equal(keys.current()?.accessKeyId, 'key-2');
});

test('the last good keys serve until they truly expire, and not a moment longer', async t => {
  const { keys, state, pass, clock, events } = scene(hour);
  await keys.ready();
  state.next = 'STS is down';
  await pass(hour - minute);
  t.ok(state.asked > 5, 'it kept trying');
  t.equal(keys.current()?.accessKeyId, 'key-1');
  t.match(events.at(-1), { ok: false, detail: /the last good ones still serve/ });
  clock.advance(minute - 1);
  t.equal(keys.current()?.accessKeyId, 'key-1');
  clock.advance(1);
  t.equal(keys.current(), undefined);
  state.next = hour;
  await pass(2 * minute);
  t.ok(keys.current(), 'and it comes back by itself');
});

test('while a refresh hangs, keys are there and no second one is started', async t => {
  const { keys, state, pass } = scene(hour);
  await keys.ready();
  state.next = 'hang';
  await pass(50 * minute);
  keys.suspect();
  t.equal(state.asked, 2);
  t.equal(keys.current()?.accessKeyId, 'key-1');
  keys.stop();
});

test('failed refreshes slow down to one a minute', async t => {
  const { keys, state, pass } = scene('down');
  await keys.ready();
  await pass(10 * minute);
  const before = state.asked;
  await pass(10 * minute);
  t.ok(state.asked - before >= 9 && state.asked - before <= 15, `${state.asked - before} tries in ten minutes`);
});

test('a source that hands out keys about to expire is not asked in a loop', async t => {
  const { keys, state, pass } = scene(10);
  await keys.ready();
  await pass(minute);
  t.ok(state.asked <= 13, `${state.asked} times in a minute`);
});

test('keys AWS refuses are replaced at once, but not more than twice a minute', async t => {
  const { keys, state, clock, settled } = scene(hour);
  await keys.ready();
  keys.suspect();
  t.equal(state.asked, 1, 'they have only just come');
  clock.advance(30_000);
  for (let refusal = 0; refusal < 10; refusal += 1) keys.suspect();
  await settled();
  t.equal(state.asked, 2);
});

test('stopping ends a refresh under way and leaves no timer', async t => {
  const { keys, clock, state, pass, events } = scene(hour);
  await keys.ready();
  state.next = 'hang';
  await pass(50 * minute);
  keys.stop();
  await pass(minute);
  t.equal(clock.timers, 0);
  t.equal(events.length, 1, 'and is not an event');
});

test('keys of the config are always there', t => {
  const keys = staticKeys({ accessKeyId: 'demo', secretAccessKey: 'demo' });
  t.equal(keys.current()?.accessKeyId, 'demo');
  t.end();
});

test('whatever the lifetime, half of it is used and a quarter of it is left for failures', t => {
  const lifetimes = fc.integer({ min: 1, max: 12 * hour });
  const holds = fc.property(lifetimes, life => {
    const at = refreshAt(0, life);
    return at >= life / 2 - 1 && at <= life * 0.75 && (life < 30 * minute || at <= life - 15 * minute);
  });
  t.doesNotThrow(() => fc.assert(holds, { seed: 7 }));
  t.end();
});
