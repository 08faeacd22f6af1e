import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import { startAlertmanager } from '../helpers/alerting.ts';
import { eventually } from '../helpers/eventually.ts';
import { configRoot, shippedRules } from '../helpers/monitoring.ts';

interface Route {
  routes?: Route[];
  [key: string]: unknown;
}

/** The shipped config, with receivers that post here, and without its waits. */
function shippedConfig(url: string): object {
  const config = parse(readFileSync(join(configRoot, 'alertmanager/alertmanager.yml'), 'utf8')) as {
    route: Route;
    receivers: { name: string }[];
  };
  const soon = ({ routes, ...route }: Route): Route => ({
    ...route,
    group_wait: '1s',
    group_interval: '1s',
    ...(routes && { routes: routes.map(soon) }),
  });
  const receivers = config.receivers.map(({ name }) => ({ name, webhook_configs: [{ url: `${url}/${name}` }] }));
  return { ...config, route: soon(config.route), receivers };
}

/** `receiver: alert model, …` of every notification that came. */
async function listener(t: Test): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer(async (request, response) => {
    const { alerts } = (await json(request)) as { alerts: { labels: { alertname: string; model?: string } }[] };
    const named = alerts.map(({ labels: { alertname, model } }) => (model ? `${alertname} ${model}` : alertname));
    heard.push(`${request.url?.slice(1)}: ${named.toSorted().join(', ')}`);
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

/** Alerts with the labels their rules give them. */
async function fire(alertmanager: string, alerts: readonly (readonly [name: string, model?: string])[]): Promise<void> {
  const body = alerts.map(([alertname, model]) => {
    const { labels } = shippedRules.find(({ alert }) => alert === alertname) ?? {};
    return { labels: { alertname, ...labels, ...(model && { model }) } };
  });
  const answer = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const felt = [
  ['MeridianBurningAnswered', 'rain'],
  ['MeridianBurningByModel', 'rain'],
  ['MeridianBurningSlowly', 'rain'],
  ['MeridianRetriesRefused', 'rain'],
  ['MeridianRedundancyGone', 'rain'],
  ['MeridianBurningByModel', 'snow'],
  ['MeridianRegionEvacuated'],
] as const;

test('a region whose loss is felt is one page, of all models; the region itself is a ticket', async t => {
  const { url, heard } = await listener(t);
  await fire(await startAlertmanager(t, shippedConfig(url)), felt);
  await eventually(t, 'both came', () => heard.length >= 2);
  t.same(heard.toSorted(), [
    'page: MeridianBurningAnswered rain, MeridianBurningByModel snow',
    'ticket: MeridianRegionEvacuated',
  ]);
});

test('a gateway that is away is one page, and nothing else is said', async t => {
  const { url, heard } = await listener(t);
  const all = [...felt, ['MeridianDown'], ['MeridianReplicaDown'], ['MeridianCostUp', 'rain']] as const;
  await fire(await startAlertmanager(t, shippedConfig(url)), [...all, ['MeridianWatchdog']]);
  await eventually(t, 'both came', () => heard.length >= 2);
  t.same(heard.toSorted(), ['page: MeridianDown', 'watchdog: MeridianWatchdog']);
});
