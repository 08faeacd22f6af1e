import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { predictionOf, sampleRecord, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { stateDir } from '../helpers/state-dir.ts';

const json = { 'content-type': 'application/json' };
/** Callers of each class are quite unlike: without one of them the whole is not what it was. */
const shiftOf = { us: 1.5, eu: -1.5 } as const;
type Class = keyof typeof shiftOf;

function mixedBaseline() {
  const random = seededRandom(11);
  const rows = Array.from({ length: 4_000 }, (_, row) => sampleRecord(random, row % 2 === 0 ? shiftOf.us : shiftOf.eu));
  const instances = rows.map(row => new Map(Object.entries(row)));
  return buildBaseline({ instances, typed: true, predictions: rows.map(predictionOf), performance: undefined });
}

/** A monitored model in two classes whose drifted windows would open an episode at once, and its callers. */
async function monitored(t: Test) {
  const root = stateDir(t);
  const windows = { paneSeconds: 1, tumblingPanes: 1, settleMs: 0, minRecords: 40, minTruths: 10 };
  const monitor = { windows, baseline: writeBaseline(root, mixedBaseline()), feedback: {}, capture: {} };
  const retrain = { windows: { drifted: 2, of: 3, clear: 2 }, confirmedBy: ['features', 'prediction'], actions: [] };
  const gateway = await startTestGateway(
    t,
    {
      health: { baseEjectionMs: 300, maxEjectionMs: 600, slowStartMs: 0 },
      models: { rain: simpleModel(['us-east-1', 'us-west-2', 'eu-west-1'], { monitor, retrain }) },
      capture: {
        destinations: {
          us: { directory: join(root, 'us'), encryption: 'none' },
          eu: { directory: join(root, 'eu'), encryption: 'none' },
        },
        flushMs: 10,
      },
    },
    { logLevel: 'error' },
  );
  const levels: string[] = [];
  const judged: boolean[] = [];
  gateway.app.join(event => {
    if (event.type !== 'drift-judged' || event.window !== 'tumbling' || event.monitor !== 'features') return;
    if (event.level === 'too-few') return;
    levels.push(event.disturbed ? 'disturbed' : event.level);
    judged.push(event.disturbed === true);
  });
  const random = seededRandom(2);
  let calls = 0;
  const call = async (bound: Class | undefined, kind: Class) => {
    calls += 1;
    const rows = Array.from({ length: 5 }, () => sampleRecord(random, shiftOf[kind]));
    const inferenceId = `call-${calls}`;
    const headers = {
      ...json,
      ...(bound && { 'x-meridian-residency': bound }),
      'x-amzn-sagemaker-inference-id': inferenceId,
    };
    const body = JSON.stringify({ instances: rows, predictions: rows.map(predictionOf) });
    const { status } = await gateway.call('rain', { headers, body });
    return { status, inferenceId };
  };
  /** Callers of both classes alike, until so many more windows were judged. */
  const windowsMore = async (count: number, bound = true) => {
    const answered: string[] = [];
    const statuses: Record<Class, Set<number>> = { us: new Set(), eu: new Set() };
    const until = judged.length + count * 2; // two features
    while (judged.length < until) {
      for (const kind of ['us', 'eu'] as const) {
        const { status, inferenceId } = await call(bound ? kind : undefined, kind);
        statuses[kind].add(status);
        if (status === 200) answered.push(inferenceId);
      }
    }
    return { answered, statuses };
  };
  const episodes = async () =>
    ((await (await fetch(`${gateway.urls.admin}/admin/episodes`)).json()) as { episodes: object[] }).episodes;
  const truth = async (inferenceId: string) => {
    const body = JSON.stringify({ inferenceId, truth: [1, 0, 1, 0, 1] });
    return (await fetch(`${gateway.urls.data}/v1/feedback`, { method: 'POST', headers: json, body })).status;
  };
  const captured = () =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.jsonl'))
      .reduce((sum, name) => sum + readFileSync(join(root, name), 'utf8').split('\n').length - 1, 0);
  return { gateway, levels, windowsMore, episodes, truth, captured };
}

test('the only region of a class goes down in a window: who is bound to it is missing, and that is no drift', async t => {
  const { gateway, levels, windowsMore, episodes, truth, captured } = await monitored(t);
  await windowsMore(2);
  t.strictSame(new Set(levels), new Set(['clear']));
  const fault = await gateway.simulator.faults.add({ region: 'eu-west-1', kind: 'refuse' });
  levels.length = 0;
  const { answered, statuses } = await windowsMore(4);
  t.ok(statuses.eu.has(503) && statuses.us.size === 1, 'one class is missing');
  t.notOk(levels.slice(2).includes('drifted'), levels.join()); // the first may have begun before it was noticed
  t.equal(await truth(answered.at(-1) ?? ''), 200, 'truths are joined');
  await gateway.simulator.faults.remove(fault);
  levels.length = 0;
  await eventually(t, 'windows count again', async () => {
    const { statuses: now } = await windowsMore(1);
    return now.eu.size === 1 && now.eu.has(200) && levels.at(-1) === 'clear';
  });
  t.same(await episodes(), [], 'nobody was told of drift');
  t.ok(captured() > answered.length, 'captures went on');
});

test('callers that fail over are the callers they were: windows count, nothing drifts, and no episode opens', async t => {
  const { gateway, levels, windowsMore, episodes, truth, captured } = await monitored(t);
  await windowsMore(1, false);
  const before = captured();
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'refuse' });
  const { answered, statuses } = await windowsMore(3, false);
  t.strictSame([[...statuses.us], [...statuses.eu]], [[200], [200]]);
  t.strictSame(new Set(levels), new Set(['clear']));
  t.same(await episodes(), []);
  t.equal(await truth(answered[0] ?? ''), 200);
  await eventually(t, 'all that was answered is captured', () => captured() - before >= answered.length);
});
