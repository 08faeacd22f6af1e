import { test } from 'tap';
import { manualClock } from '../helpers/manual-clock.ts';
import { callTo, testTransport } from '../helpers/transport-calls.ts';
import { closedPort, startUpstream } from '../helpers/upstream.ts';

test('a whole answer comes back as bytes with its headers', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(201, { 'content-type': 'text/csv' });
    response.write('0.25,');
    setImmediate(() => response.end('0.75'));
  });
  const { transport, clock } = testTransport(t);
  const result = await transport.send(callTo(upstream.url));
  t.match(result, { kind: 'answer', status: 201, headers: { 'content-type': 'text/csv' } });
  t.equal(result.kind === 'answer' && result.body.toString(), '0.25,0.75');
  t.match(upstream.seen, [{ method: 'POST', path: '/endpoints/rain/invocations', body: Buffer.from('{"x":1}') }]);
  t.equal(clock.timers, 0, 'no timer is left');
});

test('an empty answer and an empty request are whole too', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { transport } = testTransport(t);
  const result = await transport.send(callTo(upstream.url, { body: Buffer.alloc(0) }));
  t.equal(result.kind === 'answer' && result.body.length, 0);
  t.equal(upstream.seen[0]?.headers['content-length'], '0');
});

test('an informational answer is not the answer', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('late');
  });
  const { transport } = testTransport(t);
  t.match(await transport.send(callTo(upstream.url)), { kind: 'answer', status: 200 });
});

test('an answer cut in its body is broken', async t => {
  for (const headers of [{ 'content-length': '100' }, { 'transfer-encoding': 'chunked' }]) {
    const upstream = await startUpstream(t, response => {
      response.writeHead(200, headers);
      response.write('0.2', () => response.socket?.resetAndDestroy());
    });
    const { transport } = testTransport(t);
    t.match(await transport.send(callTo(upstream.url)), { kind: 'broken', sent: true }, JSON.stringify(headers));
  }
});

test('an answer shorter than it says is broken', async t => {
  const upstream = await startUpstream(t, response => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n0.2');
  });
  const { transport } = testTransport(t);
  t.match(await transport.send(callTo(upstream.url)), { kind: 'broken', sent: true });
});

test('something that is not HTTP is broken', async t => {
  const upstream = await startUpstream(t, response => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'));
  const { transport } = testTransport(t);
  t.match(await transport.send(callTo(upstream.url)), { kind: 'broken', sent: true });
});

test('an answer over the limit is refused, announced or not, and its connection closed', async t => {
  const announced = await startUpstream(t, response => {
    response.writeHead(200, { 'content-length': '1001' });
    response.write('x');
  });
  const streamed = await startUpstream(t, response => {
    response.write('x'.repeat(600));
    setImmediate(() => response.write('x'.repeat(401)));
  });
  for (const upstream of [announced, streamed]) {
    const { transport } = testTransport(t);
    t.match(await transport.send(callTo(upstream.url)), { kind: 'too-large', sent: true });
    await upstream.openAtMost(0);
  }
  const exact = await startUpstream(t, response => response.end('x'.repeat(1_000)));
  t.match(await testTransport(t).transport.send(callTo(exact.url)), { kind: 'answer' });
});

test('an answer for which there is no memory is given up, and what was counted is given back', async t => {
  const upstream = await startUpstream(t, response => {
    response.write('x'.repeat(300));
    setImmediate(() => response.end('x'.repeat(300)));
  });
  let free = 500;
  const memory = {
    tryTake: (bytes: number) => {
      if (bytes > free) return false;
      free -= bytes;
      return true;
    },
    give: (bytes: number) => {
      free += bytes;
    },
  };
  const { transport } = testTransport(t);
  t.match(await transport.send(callTo(upstream.url, { memory })), { kind: 'no-room', sent: true });
  t.equal(free, 500);
  await upstream.openAtMost(0);
  free = 600;
  t.match(await transport.send(callTo(upstream.url, { memory })), { kind: 'answer' });
  t.equal(free, 600);
});

test('no answer in time is a timeout, to the millisecond, and closes the connection', async t => {
  const upstream = await startUpstream(t, () => {});
  const { transport, clock } = testTransport(t);
  const pending = transport.send(callTo(upstream.url, { timeoutMs: 250 }));
  await upstream.arrived(1);
  clock.advance(249);
  t.equal(upstream.open, 1);
  clock.advance(1);
  t.match(await pending, { kind: 'timeout', sent: true });
  await upstream.openAtMost(0);
  t.equal(clock.timers, 0);
});

test('a body that stops coming is a timeout too', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-length': '9' });
    response.write('0.2');
  });
  const { transport, clock } = testTransport(t);
  const pending = transport.send(callTo(upstream.url));
  await upstream.arrived(1);
  clock.advance(5_000);
  t.match(await pending, { kind: 'timeout', sent: true });
});

test('a closed port is unreachable, and nothing was sent', async t => {
  const { transport, clock } = testTransport(t);
  const result = await transport.send(callTo(`http://127.0.0.1:${await closedPort()}`));
  t.match(result, { kind: 'unreachable', code: 'ECONNREFUSED', sent: false });
  t.equal(clock.timers, 0);
});

test('a name that does not resolve is unreachable', async t => {
  const { transport } = testTransport(t, {
    lookup: (_name, _options, callback) => callback(Object.assign(new Error('gone'), { code: 'ENOTFOUND' }), []),
  });
  const result = await transport.send(callTo('http://runtime.test:80'));
  t.match(result, { kind: 'unreachable', code: 'ENOTFOUND', sent: false });
});

test('a connection that does not come about is given up after the connect limit', async t => {
  const { transport, clock } = testTransport(t, { lookup: () => {} });
  const pending = transport.send(callTo('http://runtime.test:80'));
  clock.advance(999);
  t.equal(await Promise.race([pending, 'waiting']), 'waiting');
  clock.advance(1);
  t.match(await pending, { kind: 'unreachable', code: 'ETIMEDOUT', sent: false });
  t.equal(clock.timers, 0);
});

test('a call shorter than the connect limit is not held up by it, nor is it sent later', async t => {
  const upstream = await startUpstream(t, response => response.end());
  let resolved = () => {};
  const { transport, clock } = testTransport(t, {
    lookup: (_name, _options, callback) => {
      resolved = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    },
  });
  const origin = `http://runtime.test:${new URL(upstream.url).port}`;
  const pending = transport.send(callTo(origin, { timeoutMs: 100 }));
  clock.advance(100);
  t.match(await pending, { kind: 'timeout', sent: false });
  resolved();
  t.match(await transport.send(callTo(upstream.url)), { kind: 'answer' }, 'the next call is not behind it');
  t.equal(upstream.seen.length, 1);
});

test('what cannot be put on the wire is refused without a connection', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { transport } = testTransport(t);
  const smuggled = callTo(upstream.url, { headers: ['host', 'a', 'accept', 'text/csv\r\nx-evil: 1'] });
  t.match(await transport.send(smuggled), { kind: 'refused', sent: false });
  t.equal(upstream.seen.length, 0);
});

test('a process that was held up reads what has arrived before it blames the target', async t => {
  const upstream = await startUpstream(t, (response, _, nth) => {
    if (nth === 1) response.end('0.25');
  });
  const clock = manualClock();
  const { transport } = testTransport(t, { clock });
  const answered = transport.send(callTo(upstream.url));
  await upstream.arrived(1);
  clock.hold(5_100); // the timer was due 100 ms ago and runs only now
  t.match(await answered, { kind: 'answer', status: 200 });
  const silent = transport.send(callTo(upstream.url));
  await upstream.arrived(2);
  clock.hold(5_100);
  clock.advance(20);
  t.match(await silent, { kind: 'timeout' });
});
