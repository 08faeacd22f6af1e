import { type Test, test } from 'tap';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const ill = 'us-east-1';
const health = { baseEjectionMs: 10_000, maxEjectionMs: 60_000, slowStartMs: 30_000, probeIntervalMs: 1_000 };
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
  const clock = manualClock(Date.now());
  const gateway = await startTestGateway(t, { health, models: { rain } }, { clock });
  const usual = await shareOf(t, gateway, ill, 200);
  t.ok(usual > 0.35 && usual < 0.65, `half of the calls before: ${usual}`);

  const id = await gateway.simulator.faults.add({ region: ill, kind: 'error', errorType: 'InternalFailure' });
  await shareOf(t, gateway, ill, 60);
  const breaker = () => gateway.app.parts.health.describeAll().find(({ target }) => target.region === ill)?.health;
  t.equal(breaker()?.breaker, 'open', 'it was ejected');
  t.equal(await shareOf(t, gateway, ill, 20), 0);

  await gateway.simulator.faults.remove(id);
  t.equal(await shareOf(t, gateway, ill, 20), 0, 'nobody tries it before its time');
  clock.advance(health.maxEjectionMs);
  t.equal(breaker()?.breaker, 'half-open');
  t.equal(await shareOf(t, gateway, ill, 1), 1, 'one call tries it');
  t.equal(breaker()?.breaker, 'closed', 'and it serves again');
  const first = await shareOf(t, gateway, ill, 60);
  t.ok(first < usual / 2, `a small share at first: ${first}`);
  clock.advance(health.slowStartMs);
  t.equal(breaker()?.share, 1, 'the slow start is over');
  const later = await shareOf(t, gateway, ill, 200);
  t.ok(later > 0.35 && later < 0.65, `half of the calls again: ${later}`);

  const moves = gateway.log.filter(line => line['message'] === 'breaker changed').map(line => line['to']);
  const recoveries = moves.filter(to => to === 'closed').length;
  t.equal(recoveries, 1, `no flapping: ${moves.join(', ')}`);
});
