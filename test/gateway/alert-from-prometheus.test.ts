import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { startAlerting } from '../helpers/alerting.ts';
import { hooks, hookToken } from '../helpers/alerts.ts';
import { predictionOf, sampleBaseline, sampleRecord, writeBaseline } from '../helpers/drift.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { stateDir } from '../helpers/state-dir.ts';

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly openedBy: string;
}

test('an alert travels from a drifted feature through Prometheus and Alertmanager to an episode', async t => {
  const windows = { paneSeconds: 1, tumblingPanes: 1, settleMs: 0, minRecords: 20 };
  const monitor = { windows, baseline: writeBaseline(stateDir(t), sampleBaseline()) };
  const retrain = { evaluator: false, dryRun: true, actions: [{ kind: 'event', region: 'us-east-1' }] };
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1'], { monitor, retrain }) },
    hooks,
  });
  const { prometheus, alertmanager } = await startAlerting(t, { admin: gateway.urls.admin, hookToken });
  const random = seededRandom(2);
  const drifted = () => {
    const rows = Array.from({ length: 10 }, () => sampleRecord(random, 2));
    // The stand-in echoes: a body that holds predictions is its own answer.
    const body = JSON.stringify({ instances: rows, predictions: rows.map(predictionOf) });
    return gateway.call('rain', { headers: { 'content-type': 'application/json' }, body });
  };
  const get = async <T>(url: string) => (await (await fetch(url)).json()) as T;
  const shown = async () => (await get<{ episodes: Shown[] }>(`${gateway.urls.admin}/admin/episodes`)).episodes;
  await eventually(t, 'an episode is open', async () => {
    await Promise.all(Array.from({ length: 5 }, drifted));
    return (await shown()).length > 0;
  });
  const [episode] = await shown();
  t.equal(episode?.openedBy, 'alertmanager (alertmanager)');
  const { evidence } = await get<{ evidence: object[] }>(`${gateway.urls.admin}/admin/episodes/${episode?.id}`);
  t.match(evidence[0], { source: 'alertmanager', version: 'v1', active: true, monitor: /^(features|prediction)$/ });
  await eventually(t, 'the watchdog proves that alerting lives', async () => {
    const firing = await get<{ labels: { alertname: string } }[]>(`${alertmanager}/api/v2/alerts`);
    return firing.some(({ labels }) => labels.alertname === 'MeridianWatchdog');
  });
  const asked = await get<{ data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } }>(
    `${prometheus}/api/v1/rules`,
  );
  const rules = asked.data.groups.flatMap(group => group.rules);
  t.ok(rules.length > 40, 'the shipped rules are loaded');
  const broken = rules.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`);
  t.same(broken, []);
});
