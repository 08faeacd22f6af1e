import { createHash } from 'node:crypto';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { startRedis } from '../helpers/redis.ts';

const token = 'secret-of-an-api-destination';
const hooks = { tokens: [{ id: 'aws', sha256: createHash('sha256').update(token).digest('hex') }] };

test('while Redis is away people and hooks are told that nothing can be agreed on, and are heard afterwards', async t => {
  const redis = await startRedis(t);
  const retrain = { approval: true, actions: [{ kind: 'event', region: 'us-east-1' }] };
  const newVersions = { packageGroup: 'rain', endpoint: 'rain-r{number}', canary: false };
  const gateway = await startTestGateway(t, {
    hooks,
    redis: { url: redis.url, commandTimeoutMs: 500, connectTimeoutMs: 500, socketTimeoutMs: 1_000 },
    models: { rain: simpleModel(['us-east-1'], { retrain, newVersions }) },
  });
  const post = async (path: string, body: object) => {
    const forHooks = path.startsWith('/hooks/') && { authorization: `Bearer ${token}` };
    const headers = { 'content-type': 'application/json', ...forHooks };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(gateway.urls.admin + path, init);
    return { status: answer.status, body: (await answer.json()) as { id?: string; state?: string; error?: object } };
  };
  const trigger = () => post('/admin/episodes/trigger', { model: 'rain', reason: 'test' });
  let id = '';
  await eventually(t, 'an episode begins', async () => {
    const { status, body } = await trigger();
    id = body.id ?? '';
    return status === 200;
  });
  await redis.kill();
  await eventually(t, 'it is missed', () => gateway.app.parts.stores.redisUp() === false);
  const refused = { status: 503, body: { error: { message: /Redis does not answer.*nothing is begun/ } } };
  t.match(await post('/admin/episodes/dismiss', { id, reason: 'x' }), refused);
  const alert = {
    ...{ version: '4', status: 'firing' },
    alerts: [
      {
        ...{ status: 'firing', fingerprint: 'a', startsAt: new Date().toISOString() },
        labels: { model: 'rain', monitor: 'prediction', version: 'v1' },
      },
    ],
  };
  t.match(await post('/hooks/alertmanager', alert), { status: 503 }, 'Alertmanager posts it again');
  const detail = {
    ModelPackageGroupName: 'rain',
    ModelPackageVersion: 1,
    ModelPackageArn: 'arn',
    ModelApprovalStatus: 'Approved',
  };
  const event = { source: 'aws.sagemaker', 'detail-type': 'SageMaker Model Package State Change', detail };
  t.match(await post('/hooks/eventbridge', event), { status: 503 }, 'and so does EventBridge');
  await redis.restart();
  await eventually(t, 'it can be put away', async () => {
    const { status, body } = await post('/admin/episodes/dismiss', { id, reason: 'x' });
    return status === 200 ? body.state === 'dismissed' : status === 409;
  });
  t.match(await post('/hooks/eventbridge', event), { status: 200, body: { taken: true, version: 'r1' } });
});
