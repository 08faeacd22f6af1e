import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';

const serverless = (region: string) => ({
  kind: 'sagemaker-serverless',
  region,
  endpoint: 'rain-serverless',
  memoryMb: 2048,
  maxConcurrency: 10,
});

test('a cold serverless target passes its probes, although its set-up takes longer than a warm probe may', async t => {
  const rain = {
    sample: { contentType: 'text/plain', body: 'x' },
    slo: { latencyMs: 500 },
    versions: { v1: { targets: [serverless('us-east-1')] } },
  };
  const health = { probeTimeoutMs: 60, probeIntervalMs: 100, baseEjectionMs: 100, ejectionJitter: 0 };
  const gateway = await startTestGateway(
    t,
    { health, models: { rain } },
    { simulator: { latencyScale: 0.1 } }, // a set-up takes some hundred milliseconds
  );
  const fault = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error' });
  for (let call = 0; call < 5; call += 1) await gateway.call('rain');
  const state = () => gateway.app.parts.health.describeAll()[0]?.health;
  t.equal(state()?.breaker, 'open');
  gateway.simulator.faults.remove(fault);
  await eventually(t, 'two probes were good', () => state()?.breaker === 'closed');
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, /ejections_total\{.*reason="consecutive-failures"\} 1/);
  t.notMatch(text, /reason="failed-probe"/);
});
