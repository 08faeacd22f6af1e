import { test } from 'tap';
import { regionNames, simpleModel, startTestGateway } from '../helpers/gateway.ts';

const faults = [
  { kind: 'refuse' },
  { kind: 'black-hole' },
  { kind: 'reset' },
  { kind: 'error', errorType: 'InternalFailure' },
  { kind: 'error', errorType: 'ServiceUnavailable' },
  { kind: 'error', errorType: 'InternalDependencyException' },
  { kind: 'throttle' },
  { kind: 'flap', periodMs: 300 },
  { kind: 'new-connections' },
  { kind: 'clock-skew' },
] as const;

for (const fault of faults) {
  const name = 'errorType' in fault ? `${fault.kind} (${fault.errorType})` : fault.kind;
  test(`every call is answered first-hand while a region is under ${name}`, async t => {
    const rain = simpleModel(regionNames, { deadlineMs: 5_000, routing: { policy: 'weighted' } });
    const gateway = await startTestGateway(t, { models: { rain } });
    for (let call = 0; call < 20; call += 1) await gateway.call('rain');
    await gateway.simulator.faults.add({ region: 'us-east-1', ...fault });
    const answers = await Promise.all(Array.from({ length: 80 }, () => gateway.call('rain')));
    t.equal(answers.filter(answer => answer.status === 200).length, 80);
    t.ok(answers.every(answer => answer.headers.get('x-meridian-fallback') === 'none'));
  });
}
