import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

test('captured calls go to the bucket of their residency, and are removed from it', async t => {
  const s3 = 's3://meridian-jobs-us-east-1/captures/';
  const destination = { s3, region: 'us-east-1', encryption: { encryptionKey: 'a key of the destination' } };
  const gateway = await startTestGateway(t, {
    capture: { destinations: { us: destination }, objectFlushMs: 50 },
    models: { rain: simpleModel(['us-east-1', 'us-west-2'], { monitor: { capture: {} } }) },
  });
  const { objects } = gateway.app.parts.backends;
  const keys = async () => {
    const all: string[] = [];
    for await (const page of objects.keys('us-east-1', 'meridian-jobs-us-east-1', 'captures/')) all.push(...page);
    return all;
  };
  await gateway.call('rain', { body: 'a secret', headers: { 'x-amzn-sagemaker-inference-id': 'one' } });
  await gateway.call('rain', { body: 'another', headers: { 'x-amzn-sagemaker-inference-id': 'two' } });
  await gateway.app.drift.capture.flush();
  await eventually(t, 'written', async () => (await keys()).length > 0);
  t.match((await keys())[0], /^captures\/rain\/v1\/\d{4}\/\d\d\/\d\d\/\d\d\/[\w-]+\.jsonl$/);
  const response = await fetch(`${gateway.urls.admin}/admin/data/delete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"tenant":"anonymous"}',
  });
  t.match(await response.json(), { captured: 2, replicas: { answered: 1 } });
  t.strictSame(await keys(), []);
});
