import { createHash } from 'node:crypto';
import { test } from 'tap';
import { hooks, notification, postHook } from '../helpers/alerts.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const key = (id: string, owners?: string[]) => ({
  ...{ id, role: 'operator', sha256: sha256(`secret-of-${id}`) },
  ...(owners && { owners }),
});
const drift = { alertname: 'MeridianPredictionDrift', model: 'rain', monitor: 'prediction' };

test('a key with owners retrains, and puts away, their models alone; who was refused is written down', async t => {
  const retrain = { approval: true, dryRun: true, actions: [{ kind: 'event', region: 'us-east-1' }] };
  const gateway = await startTestGateway(t, {
    admin: { keys: [key('otto', ['travel-team']), key('anna', ['weather-team']), key('root')] },
    models: { rain: simpleModel(['us-east-1'], { owner: 'weather-team', retrain }) },
    hooks,
  });
  const asked = async (id: string, path: string, body?: object) => {
    const answer = await fetch(`${gateway.urls.admin}/admin/${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', authorization: `Bearer secret-of-${id}` },
    });
    return { status: answer.status, body: (await answer.json()) as { episodes: { id: string; state: string }[] } };
  };
  await postHook(gateway.urls.admin, notification({ labels: drift }));
  const newest = async () => (await asked('anna', 'episodes')).body.episodes[0];
  await eventually(t, 'it waits', async () => (await newest())?.state === 'awaiting-approval');
  const id = (await newest())?.id ?? '';
  const refusal = { status: 403, body: { error: { message: /belongs to weather-team, and the key otto/ } } };
  t.match(await asked('otto', 'episodes/approve', { id }), refusal);
  t.match(await asked('otto', 'episodes/dismiss', { id }), refusal);
  t.match(await asked('otto', 'episodes/trigger', { model: 'rain', reason: 'why not' }), refusal);
  t.match(await asked('otto', 'versions/remove', { model: 'rain', version: 'v1' }), refusal);
  t.equal((await newest())?.state, 'awaiting-approval');
  t.match(await asked('nobody', 'episodes/approve', { id }), { status: 403 });
  t.match(await asked('anna', 'episodes/approve', { id }), { status: 200, body: { approvedBy: 'anna' } });
  t.match(await asked('root', 'episodes/dismiss', { id }), { status: 200, body: { state: 'dismissed' } });
  const refused = gateway.log.flatMap(({ message, actor, act }) =>
    message === 'operator refused' ? [[actor, act]] : [],
  );
  t.same(refused.slice(0, 4), [
    ['otto', 'episodes approve'],
    ['otto', 'episodes dismiss'],
    ['otto', 'episodes trigger'],
    ['otto', 'versions remove'],
  ]);
});
