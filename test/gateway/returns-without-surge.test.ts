import { type Test, test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';

const ill = 'us-east-1';
const health = { baseEjectionMs: 200, maxEjectionMs: 400, slowStartMs: 3_000, probeIntervalMs: 100 };
const rain = simpleModel([ill, 'us-west-2'], { routing: { policy: 'weighted', warmShare: 0 } });

/** Share of these calls that the region answered; every one has to be answered first-hand. */
async function shareOf(t: Test, gateway: TestGateway, region: string, calls: number): Promise<number> {
  let there = 0;
  let good = 0;
  for (let call = 0; call < calls; call += 1) {
    const { status, headers } = await gateway.call('rain');
    if (status === 200 && headers.get('x-meridian-fallback') === 'none') good += 1;
    if (headers.get('x-meridian-region') === region) there += 1;
  }
  t.equal(good, calls, 'all answered first-hand');
  return there / calls;
}

test('a region that is well again comes back once, slowly, to its old share', async t => {
  const gateway = await startTestGateway(t, { health, models: { rain } });
  const usual = await shareOf(t, gateway, ill, 200);
  t.ok(usual > 0.35 && usual < 0.65, `half of the calls before: ${usual}`);

  const id = await gateway.simulator.faults.add({ region: ill, kind: 'error', errorType: 'InternalFailure' });
  await shareOf(t, gateway, ill, 60);
  const breaker = () => gateway.app.parts.health.describeAll().find(({ target }) => target.region === ill)?.health;
  t.not(breaker()?.breaker, 'closed', 'it was ejected');
  t.equal(await shareOf(t, gateway, ill, 20), 0);

  await gateway.simulator.faults.remove(id);
  await eventually(t, 'it is tried and serves again', async () => {
    await gateway.call('rain');
    return breaker()?.breaker === 'closed';
  });
  const first = await shareOf(t, gateway, ill, 60);
  t.ok(first < usual / 2, `a small share at first: ${first}`);
  await eventually(t, 'the slow start is over', () => breaker()?.share === 1);
  const later = await shareOf(t, gateway, ill, 200);
  t.ok(later > 0.35 && later < 0.65, `half of the calls again: ${later}`);

  const moves = gateway.log.filter(line => line['message'] === 'breaker changed').map(line => line['to']);
  const recoveries = moves.filter(to => to === 'closed').length;
  t.equal(recoveries, 1, `no flapping: ${moves.join(', ')}`);
});
