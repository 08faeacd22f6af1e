import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { predictionOf, sampleBaseline, sampleRecord, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { stateDir } from '../helpers/state-dir.ts';

/** An episode in the list. */
interface Shown {
  readonly id: string;
  readonly scope: string;
  readonly state: string;
  readonly last: string;
}

const windows = { paneSeconds: 1, tumblingPanes: 1, settleMs: 0, minRecords: 20 };
const secretOf = (id: string) => `${id}-secret-of-twenty-letters`;

async function startGateway(t: Parameters<typeof startTestGateway>[0]): Promise<TestGateway> {
  const baseline = writeBaseline(stateDir(t), sampleBaseline());
  const root = stateDir(t);
  const place = (name: string) => ({ directory: `${root}/${name}`, encryption: 'none' });
  return startTestGateway(t, {
    auth: {
      keys: [
        { id: 'bound', secret: secretOf('bound'), tenant: 'bound', residency: ['eu'] },
        { id: 'free', secret: secretOf('free'), tenant: 'free' },
      ],
    },
    capture: { destinations: { us: place('us'), eu: place('eu') } },
    models: {
      rain: simpleModel(['us-east-1', 'eu-west-1'], {
        routing: { policy: 'ordered', warmShare: 0 },
        monitor: { windows, baseline, scopes: { eu: {} }, capture: {} },
        retrain: {
          windows: { drifted: 2, of: 2, clear: 2 },
          confirmedBy: ['features'],
          dryRun: true,
          settleMinutes: 0,
          actions: [
            {
              ...{ kind: 'pipeline', pipeline: 'rain-retrain', region: 'us-east-1' },
              parameters: { Scope: '{scope}', Uri: '{capture}', Us: '{capture-us}' },
            },
          ],
        },
      }),
    },
  });
}

/** Calls of both callers, each with many records shifted so; where they were served. */
async function bothCall(gateway: TestGateway, random: () => number, shifts: Readonly<Record<string, number>>) {
  const served = Object.entries(shifts).map(async ([id, shift]) => {
    const rows = Array.from({ length: 40 }, () => sampleRecord(random, shift));
    const { headers } = await gateway.call('rain', {
      headers: { 'content-type': 'application/json', 'x-api-key': secretOf(id) },
      body: JSON.stringify({ instances: rows, predictions: rows.map(predictionOf) }),
    });
    return [id, headers.get('x-meridian-region')];
  });
  return Object.fromEntries(await Promise.all(served)) as Record<string, string | null>;
}

const level = async ({ urls }: TestGateway, scope: string) => {
  const text = await (await fetch(`${urls.admin}/metrics`)).text();
  const series = `meridian_drift_level\\{model="rain",version="v1",scope="${scope}",window="tumbling",monitor="features",feature="x"\\}`;
  return new RegExp(`${series} (-?\\d)`).exec(text)?.[1];
};

test('when the last region of a scope is drained its callers are missing in the whole, and that is no drift', async t => {
  const gateway = await startGateway(t);
  const random = seededRandom(2);
  const act = (what: string, region: string) =>
    fetch(`${gateway.urls.admin}/admin/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ region, reason: 'maintenance' }),
    });
  const disturbed = async () => {
    const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
    return /meridian_drift_window_disturbed\{model="rain",version="v1",scope="all",window="tumbling"\} (\d)/.exec(
      text,
    )?.[1];
  };
  const seen = async (value: string) => {
    await bothCall(gateway, random, { bound: 0, free: 0 });
    return (await disturbed()) === value;
  };
  t.equal((await act('drain', 'us-east-1')).status, 200);
  await eventually(t, 'others serve those of a region that no scope is of', () => seen('0'));
  await act('undrain', 'us-east-1');
  t.equal((await act('drain', 'eu-west-1')).status, 200);
  await eventually(t, 'nobody serves those bound to the eu', () => seen('1'));
});

test('a region that steps in for another shows no drift of its own callers; theirs opens an episode of their scope', async t => {
  const gateway = await startGateway(t);
  const random = seededRandom(2);
  const get = async (path: string) => (await fetch(`${gateway.urls.admin}/admin/episodes${path}`)).json();
  const ofScope = async (scope: string) =>
    ((await get('')) as { episodes: readonly Shown[] }).episodes.find(each => each.scope === scope);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'refuse' });
  let moved = '';
  await eventually(t, 'judged while the other region is out', async () => {
    const served = await bothCall(gateway, random, { bound: 0, free: 2 });
    moved = served['free'] ?? '';
    return moved === 'eu-west-1' && (await level(gateway, 'all')) === '2' && (await level(gateway, 'eu')) === '0';
  });
  t.equal(moved, 'eu-west-1', 'served where the others are');
  t.notOk(await ofScope('eu'));
  await gateway.simulator.faults.clear();
  await eventually(t, 'drift of those bound to it', async () => {
    await bothCall(gateway, random, { bound: 2, free: 0 });
    return (await ofScope('eu'))?.state === 'rehearsed';
  });
  const { id, last } = (await ofScope('eu')) as Shown;
  t.match(last, /with Scope=eu, Uri=\S+\/eu\/rain\/, Us=\{capture-us\}$/, 'its own places alone');
  t.match(await get(`/${id}`), { scope: 'eu', state: 'rehearsed' });
});
