import { test } from 'tap';
import { simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';

test('/admin/costs tells what each target’s calls cost, and what its instances do while nobody calls', async t => {
  const price = { instance: 'ml.m5.large', count: 2 };
  const gateway = await startTestGateway(t, {
    models: {
      rain: simpleModel([], { versions: { v1: { targets: targetsIn(['us-east-1'], 'rain-v1', { price }) } } }),
    },
  });
  for (let call = 0; call < 3; call += 1) await gateway.call('rain', { body: `call ${call}` });
  const shown = (await (await fetch(`${gateway.urls.admin}/admin/costs`)).json()) as {
    targets: { attempts: number; marginalUsd: number; amortisedUsd: number }[];
    endpoints: { usdPerHour: number }[];
  };
  t.match(shown.targets, [{ model: 'rain', version: 'v1', target: 'v1@us-east-1/realtime', attempts: 3 }]);
  const [target] = shown.targets;
  t.ok(target !== undefined && target.amortisedUsd > target.marginalUsd && target.marginalUsd > 0);
  t.match(shown.endpoints, [{ region: 'us-east-1', endpoint: 'rain-v1' }]);
  t.ok((shown.endpoints[0]?.usdPerHour ?? 0) > 0.1, 'two instances');
});
