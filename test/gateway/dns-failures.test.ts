import { test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const rain = simpleModel(['us-east-1', 'us-west-2'], { routing: { policy: 'weighted' } });

for (const kind of ['dns-fail', 'dns-hang'] as const) {
  test(`${kind} of a region that is known goes unnoticed: the last answer serves`, async t => {
    const simulator = await startTestSimulator(t);
    const regions = Object.fromEntries(
      Object.entries(simulator.urls).map(([region, url]) => {
        const named = url.replace('127.0.0.1', `runtime.sagemaker.${region}.sim.test`);
        return [region, { endpoints: { sagemakerRuntime: named, sts: url } }];
      }),
    );
    const connections = { dns: { servers: [`127.0.0.1:${simulator.dnsPort}`], ttlMs: 60_000, timeoutMs: 100 } };
    let skippedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + skippedMs };
    const gateway = await startTestGateway(
      t,
      { regions, connections, models: { rain } },
      { running: simulator, clock },
    );
    for (let call = 0; call < 20; call += 1) await gateway.call('rain');
    await simulator.faults.add({ region: 'us-east-1', kind });
    skippedMs += 60_001; // past the time an answer counts as fresh
    const answers = await Promise.all(Array.from({ length: 60 }, () => gateway.call('rain')));
    t.ok(answers.every(answer => answer.status === 200 && answer.headers.get('x-meridian-fallback') === 'none'));
    t.ok(
      answers.some(answer => answer.headers.get('x-meridian-region') === 'us-east-1'),
      'the region still serves',
    );
  });

  test(`${kind} of a region never resolved slows no other region`, async t => {
    const simulator = await startTestSimulator(t);
    await simulator.faults.add({ region: 'us-east-1', kind });
    const regions = Object.fromEntries(
      Object.entries(simulator.urls).map(([region, url]) => [
        region,
        { endpoints: { sagemakerRuntime: url.replace('127.0.0.1', `runtime.sagemaker.${region}.sim.test`), sts: url } },
      ]),
    );
    const connections = { dns: { servers: [`127.0.0.1:${simulator.dnsPort}`], timeoutMs: 200 } };
    const gateway = await startTestGateway(t, { regions, connections, models: { rain } }, { running: simulator });
    const answers = await Promise.all(Array.from({ length: 40 }, () => gateway.call('rain')));
    t.ok(answers.every(answer => answer.status === 200 && answer.headers.get('x-meridian-region') === 'us-west-2'));
    t.ok(answers.some(answer => answer.headers.get('x-meridian-attempts')?.includes('us-east-1/realtime:unreachable')));
  });
}
