import { test } from 'tap';
import { callTo, testTransport } from '../helpers/transport-calls.ts';
import { startUpstream } from '../helpers/upstream.ts';

test('connections are kept and used again, the last one first', async t => {
  const upstream = await startUpstream(t, response => response.end('ok'));
  const { transport } = testTransport(t);
  await Promise.all([transport.send(callTo(upstream.url)), transport.send(callTo(upstream.url))]);
  t.equal(upstream.connections, 2);
  for (let call = 0; call < 5; call += 1) t.match(await transport.send(callTo(upstream.url)), { kind: 'answer' });
  t.equal(upstream.connections, 2);
  t.equal(new Set(upstream.seen.slice(2).map(({ connection }) => connection)).size, 1);
});

test('nothing queues: every call in flight has a connection of its own', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 100) response.end();
  });
  const { transport } = testTransport(t);
  const abort = new AbortController();
  const calls = Array.from({ length: 100 }, () => transport.send(callTo(upstream.url, { signal: abort.signal })));
  await upstream.arrived(100);
  t.equal(upstream.connections, 100);
  abort.abort();
  await Promise.all(calls);
});

test('targets do not share connections', async t => {
  const upstream = await startUpstream(t, response => response.end('ok'));
  const { transport } = testTransport(t);
  await transport.send(callTo(upstream.url, { poolKey: 'a' }));
  await transport.send(callTo(upstream.url, { poolKey: 'b' }));
  t.equal(upstream.connections, 2);
});

test('a connection the upstream closed between calls costs nothing', async t => {
  const upstream = await startUpstream(t, response => {
    response.setHeader('connection', 'close');
    response.end('ok');
  });
  const { transport } = testTransport(t);
  for (let call = 0; call < 3; call += 1)
    t.match(await transport.send(callTo(upstream.url, { idempotent: false })), { kind: 'answer' });
  t.equal(upstream.connections, 3);
  t.equal(upstream.seen.length, 3);
});

test('a call whose reused connection dies before any answer is repeated on a new one', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 2) response.socket?.resetAndDestroy();
    else response.end('ok');
  });
  const { transport, clock } = testTransport(t);
  await transport.send(callTo(upstream.url));
  t.match(await transport.send(callTo(upstream.url)), { kind: 'answer', status: 200 });
  t.strictSame(
    upstream.seen.map(({ connection }) => connection),
    [1, 1, 2],
  );
  t.equal(clock.timers, 0);
});

test('the repetition does not take another connection that may be just as dead', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth > 2 && nth < 4) response.socket?.destroy();
    else response.end('ok');
  });
  const { transport } = testTransport(t);
  await Promise.all([transport.send(callTo(upstream.url)), transport.send(callTo(upstream.url))]);
  t.match(await transport.send(callTo(upstream.url)), { kind: 'answer' });
  t.equal(upstream.seen.at(-1)?.connection, 3);
});

test('it is not repeated when running twice may do harm', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 2) response.socket?.destroy();
    else response.end('ok');
  });
  const { transport } = testTransport(t);
  await transport.send(callTo(upstream.url));
  t.match(await transport.send(callTo(upstream.url, { idempotent: false })), { kind: 'broken', sent: true });
  t.equal(upstream.seen.length, 2);
});

test('it is repeated once only, and never for a new connection or an answer begun', async t => {
  const dying = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 1) response.end('ok');
    else response.socket?.destroy();
  });
  const { transport } = testTransport(t);
  await transport.send(callTo(dying.url));
  t.match(await transport.send(callTo(dying.url)), { kind: 'broken', sent: true });
  t.equal(dying.seen.length, 3, 'the first answered, the second died, its repetition died');
  t.match(await transport.send(callTo(dying.url)), { kind: 'broken', sent: true });
  t.equal(dying.seen.length, 4, 'a new connection that dies is the target’s failure');

  const begun = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 1) response.end('ok');
    else response.write('half', () => response.socket?.destroy());
  });
  await transport.send(callTo(begun.url));
  t.match(await transport.send(callTo(begun.url)), { kind: 'broken', sent: true });
  t.equal(begun.seen.length, 2);
});

test('a connection opened anew for a call counts as new, whatever the one before it answered', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    response.setHeader('connection', 'close');
    if (nth > 1) response.socket?.destroy();
    else response.end('ok');
  });
  const { transport } = testTransport(t);
  await transport.send(callTo(upstream.url));
  t.match(await transport.send(callTo(upstream.url)), { kind: 'broken' });
  t.equal(upstream.seen.length, 2);
});

test('a target that is gone by then is unreachable, and may have had the call', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 1) return void response.end('ok');
    upstream.stopListening();
    response.socket?.destroy();
  });
  const { transport } = testTransport(t);
  await transport.send(callTo(upstream.url));
  t.match(await transport.send(callTo(upstream.url)), { kind: 'unreachable', code: 'ECONNREFUSED', sent: true });
});

test('the time limit covers the repetition', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 1) response.end('ok');
    if (nth === 2) response.socket?.destroy();
  });
  const { transport, clock } = testTransport(t);
  await transport.send(callTo(upstream.url));
  const pending = transport.send(callTo(upstream.url, { timeoutMs: 300 }));
  await upstream.arrived(2);
  clock.advance(200);
  await upstream.arrived(3);
  clock.advance(100);
  t.match(await pending, { kind: 'timeout', sent: true });
});

test('a caller who leaves closes the upstream connection at once', async t => {
  const upstream = await startUpstream(t, () => {});
  const { transport, clock } = testTransport(t);
  const caller = new AbortController();
  const pending = transport.send(callTo(upstream.url, { signal: caller.signal }));
  await upstream.arrived(1);
  caller.abort();
  t.match(await pending, { kind: 'cancelled', sent: true });
  await upstream.openAtMost(0);
  t.equal(clock.timers, 0);
});

test('a caller who left already is not served', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { transport } = testTransport(t);
  const result = await transport.send(callTo(upstream.url, { signal: AbortSignal.abort() }));
  t.match(result, { kind: 'cancelled', sent: false });
  t.equal(upstream.connections, 0);
});

test('a retired target finishes its calls and keeps no connection', async t => {
  let finish = () => {};
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 2) finish = () => response.end('late');
    else response.end('ok');
  });
  const { transport } = testTransport(t);
  const first = transport.send(callTo(upstream.url));
  await first;
  const held = transport.send(callTo(upstream.url));
  await transport.send(callTo(upstream.url));
  t.equal(upstream.open, 2);
  transport.retire('pool');
  await upstream.openAtMost(1);
  finish();
  t.match(await held, { kind: 'answer' });
  await upstream.openAtMost(0);
});

test('a region whose URL changes is called at the new one', async t => {
  const before = await startUpstream(t, response => response.end('before'));
  const after = await startUpstream(t, response => response.end('after'));
  const { transport } = testTransport(t);
  await transport.send(callTo(before.url));
  t.match(await transport.send(callTo(after.url)), { kind: 'answer', body: Buffer.from('after') });
  await before.openAtMost(0);
});

test('stopping closes everything, in use or not, retired or not', async t => {
  const upstream = await startUpstream(t, (response, _seen, nth) => {
    if (nth === 1) response.end('ok');
  });
  const { transport } = testTransport(t);
  await transport.send(callTo(upstream.url));
  const calls = [transport.send(callTo(upstream.url)), transport.send(callTo(upstream.url, { poolKey: 'other' }))];
  await upstream.arrived(3);
  transport.retire('other');
  await transport.stop();
  await upstream.openAtMost(0);
  t.match(await Promise.all(calls), [{ kind: 'broken' }, { kind: 'broken' }]);
  t.match(await transport.send(callTo(upstream.url)), { kind: 'cancelled', sent: false }, 'nor is one opened after');
});
