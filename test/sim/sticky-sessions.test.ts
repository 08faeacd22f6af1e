import { test } from 'tap';
import { failure, invoke, runtimeClient } from '../helpers/aws-clients.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const sessionPattern = /^([0-9a-f-]{36}); Expires=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/;

test('a session belongs to its endpoint in its region', async t => {
  const simulator = await startTestSimulator(t);
  const east = runtimeClient(t, simulator);
  const opened = await invoke(east, 'rain-v1', { SessionId: 'NEW_SESSION' });
  const [, id = '', expires = ''] = sessionPattern.exec(opened.NewSessionId ?? '') ?? [];
  t.ok(Date.parse(expires) > Date.now());

  const later = await invoke(east, 'rain-v1', { SessionId: id });
  t.equal(later.NewSessionId, undefined);
  const elsewhere = [
    invoke(east, 'rain-v2', { SessionId: id }),
    invoke(runtimeClient(t, simulator, 'eu-west-1'), 'rain-v1', { SessionId: id }),
  ];
  for (const call of elsewhere) {
    const error = await failure(call);
    t.equal(error.name, 'ValidationError');
    t.match(error.message, `Session ${id} of endpoint`);
  }
});

test('a session can be closed, and is then gone', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  const opened = await invoke(client, 'rain-v1', { SessionId: 'NEW_SESSION' });
  const id = opened.NewSessionId?.split(';')[0];
  const closed = await invoke(client, 'rain-v1', { SessionId: id, CustomAttributes: 'close-session' });
  t.equal(closed.ClosedSessionId, id);
  t.equal((await failure(invoke(client, 'rain-v1', { SessionId: id }))).name, 'ValidationError');
});

test('a session expires', async t => {
  const clock = manualClock(Date.now());
  const simulator = await startTestSimulator(t, { clock });
  const client = runtimeClient(t, simulator);
  const opened = await invoke(client, 'rain-v1', { SessionId: 'NEW_SESSION' });
  const id = opened.NewSessionId?.split(';')[0];
  for (let minutes = 0; minutes < 20; minutes += 4) {
    t.equal((await invoke(client, 'rain-v1', { SessionId: id })).$metadata.httpStatusCode, 200);
    clock.advance(4 * 60_000); // in steps the client's own clock correction can follow
  }
  t.match((await failure(invoke(client, 'rain-v1', { SessionId: id }))).message, 'not found or expired');
});
