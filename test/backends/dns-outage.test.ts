import { test } from 'tap';
import { limitsOf, requestOf, targetOf, testBackends } from '../helpers/backend-fixtures.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

/** Backends that reach us-east-1 and eu-west-1 by name, through the stand-in's resolver. */
async function named(t: Parameters<typeof testBackends>[0]) {
  const simulator = await startTestSimulator(t);
  const regions = new Map(
    ['us-east-1', 'eu-west-1'].map(region => {
      const url = `http://runtime.sagemaker.${region}.sim.test:${new URL(simulator.url(region)).port}`;
      return [region, { sagemakerRuntimeUrl: url, bedrockRuntimeUrl: url, stsUrl: url }];
    }),
  );
  const dns = { servers: [`127.0.0.1:${simulator.dnsPort}`], ttlMs: 10_000, timeoutMs: 500 };
  const connections = { connectTimeoutMs: 1_000, keepAliveMs: 50_000, dns };
  const { backends, clock } = testBackends(t, { regions, connections });
  let pool = 0;
  /** A call over a connection of its own. */
  const invoke = (region: string) => {
    pool += 1;
    const target = targetOf({ id: `${region}/${pool}`, region });
    return backends.backends['sagemaker-realtime'].invoke(target, requestOf('x'), limitsOf());
  };
  return { simulator, clock, invoke };
}

test('a region whose names are gone is reached by the last addresses known', async t => {
  const { simulator, clock, invoke } = await named(t);
  t.match(await invoke('us-east-1'), { outcome: 'ok' });
  for (const errorType of ['NXDOMAIN', 'NODATA']) {
    await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail', errorType });
    clock.advance(60_000);
    t.match(await invoke('us-east-1'), { outcome: 'ok' }, errorType);
    await simulator.faults.clear();
  }
});

test('a region never reached whose names are gone is unreachable at once', async t => {
  const { simulator, invoke } = await named(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail' });
  t.match(await invoke('us-east-1'), { outcome: 'unreachable', sent: false, error: { type: 'ENOTFOUND' } });
});

test('a hanging resolver of one region holds up no other', async t => {
  const { simulator, clock, invoke } = await named(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'dns-hang' });
  const hanging = invoke('us-east-1');
  t.match(await invoke('eu-west-1'), { outcome: 'ok' });
  clock.advance(500);
  t.match(await hanging, { outcome: 'unreachable', sent: false });
});
