import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const cache = { freshSeconds: 0, staleWhileRevalidateSeconds: 600 };

test('the body of a refresh in the background counts as held until the refresh is over', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1'], { cache }) } });
  const { admission } = gateway.app.parts;
  const body = 'x'.repeat(10_000);
  await gateway.call('rain', { body });
  const hang = await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'slow', factor: 1_000 });
  const stale = await gateway.call('rain', { body });
  t.equal(stale.headers.get('x-meridian-cache'), 'stale');
  await eventually(t, 'only the refresh holds its body', () => admission.heldBytes === body.length);
  gateway.simulator.faults.remove(hang);
  await eventually(t, 'the refresh is over', () => admission.heldBytes === 0);
});
