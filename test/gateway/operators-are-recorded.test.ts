import { test } from 'tap';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const json = { 'content-type': 'application/json' };

test('what operators do, and what they are refused, is recorded at every log level', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } }, { logLevel: 'error' });
  const act = async (path: string, body: unknown, headers = {}) =>
    (
      await fetch(`${gateway.urls.admin}/admin/${path}`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: JSON.stringify(body),
      })
    ).status;
  t.equal(await act('drain', { region: 'us-east-1' }), 200);
  t.equal(await act('purge', { model: 'snow' }), 404);
  t.equal(await act('undrain', { region: 'us-east-1' }, { authorization: 'Bearer guess' }), 403);
  t.match(
    gateway.log.filter(line => String(line.message).startsWith('operator')),
    [
      { message: 'operator', actor: 'local', act: 'drain', region: 'us-east-1' },
      { message: 'operator refused', actor: 'local', act: 'purge', model: 'snow', refused: /No model snow/ },
      { message: 'operator refused', actor: '127.0.0.1', act: 'undrain', refused: /not known/ },
    ],
  );
  t.equal(gateway.log.filter(line => line.message === 'operator').length, 1);
});

test('a body of another kind is refused, not bent to fit', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  for (const body of [
    { region: ['us-east-1'] },
    ['us-east-1'],
    'us-east-1',
    { region: 'us-east-1', reason: 5 },
    null,
  ]) {
    const answer = await fetch(`${gateway.urls.admin}/admin/drain`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
    });
    t.equal(answer.status, 400, JSON.stringify(body));
    t.match(((await answer.json()) as { error: { message: string } }).error.message, / must be (object|string)/);
  }
  t.same(gateway.app.parts.health.drains(), []);
  const explained = await fetch(`${gateway.urls.admin}/admin/explain?model=rain&bytes=26000000`);
  t.match(await explained.text(), /body-too-large/, 'numbers in a query are texts that hold one');
});
