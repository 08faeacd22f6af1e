import { type Test, test } from 'tap';
import { callUntil, canaryApi, canaryModel, quickPlan } from '../helpers/canary.ts';
import { type ConfigData, startTestGateway, targetsIn } from '../helpers/gateway.ts';

const [east, west, eu] = ['us-east-1', 'us-west-2', 'eu-west-1'] as const;
const regions = [east, west, eu];
/** A step that is never over: what is looked at is whether it goes on counting. */
const long = { ...quickPlan, steps: [40], minSample: 1_000_000 };
const health = { baseEjectionMs: 300, maxEjectionMs: 600, slowStartMs: 0 };

/** A canary of v2 that has counted for a while, and a region that goes down under it and comes back. */
async function outage(t: Test, model: ConfigData, plan: ConfigData, region: string) {
  const everywhere = { ...model, canary: { ...long, ...plan }, routing: { policy: 'weighted' } };
  const gateway = await startTestGateway(
    t,
    { health, models: { rain: canaryModel(everywhere, regions) } },
    { logLevel: 'error' },
  );
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const seen = new Set<string>();
  const calls = async () => {
    const now = await status();
    seen.add(now?.state ?? '');
    return now?.canary.calls ?? 0;
  };
  const statuses = new Set<number>();
  const until = async (ends: () => Promise<boolean>) => {
    for (const { status: code } of await callUntil(gateway, ends, { mostMs: 15_000 })) statuses.add(code);
  };
  const more = async (count: number) => {
    const before = await calls();
    await until(async () => (await calls()) >= before + count);
    return (await calls()) - before;
  };
  t.ok((await more(30)) >= 30);
  const fault = await gateway.simulator.faults.add({ region, kind: 'refuse' });
  return { status, until, more, seen, statuses, end: () => gateway.simulator.faults.remove(fault) };
}

test('the only region of the wave goes down: the canary is frozen, not blamed, and goes on when it is back', async t => {
  const { status, until, more, seen, statuses, end } = await outage(t, {}, { waves: [[east], 'rest'] }, east);
  await until(async () => (await status())?.state === 'frozen');
  t.match(await status(), { state: 'frozen', degraded: [east], wave: 0 });
  const before = await status();
  await until(
    async () => ((await status())?.looks ?? 0) > (before?.looks ?? 0) + 2 || (await status())?.state !== 'frozen',
  );
  t.match(await status(), { canary: { errors: before?.canary.errors }, step: 0 }, 'nothing counts meanwhile');
  await end();
  await until(async () => (await status())?.state === 'stepping');
  t.ok((await more(10)) >= 10);
  t.strictSame([...statuses], [200], 'callers notice nothing');
  t.notOk(seen.has('rolled-back'));
});

for (const [what, model, plan] of [
  ['a region outside the wave', {}, { waves: [[east], 'rest'] }],
  [
    'a region where stable alone is',
    {
      versions: {
        v1: { weight: 100, targets: targetsIn(regions) },
        v2: { weight: 0, targets: targetsIn([east, eu], 'rain-v2') },
      },
    },
    {},
  ],
] as const) {
  test(`${what} goes down: the canary goes on counting, and is neither frozen nor blamed`, async t => {
    const { status, more, seen, statuses, end } = await outage(t, model, plan, west);
    t.ok((await more(40)) >= 40);
    await end();
    t.ok((await more(20)) >= 20);
    t.match(await status(), { state: 'stepping', degraded: [], canary: { errors: 0 } });
    t.strictSame([...seen], ['stepping']);
    t.strictSame([...statuses], [200]);
  });
}
