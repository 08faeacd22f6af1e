import { createHash } from 'node:crypto';

/** A token for hooks, and its line in the config. */
export const hookToken = 'a-token-that-Alertmanager-sends';
export const hooks = {
  tokens: [{ id: 'alertmanager', sha256: createHash('sha256').update(hookToken).digest('hex') }],
};

/** What Alertmanager posts (webhook version 4) for one alert. */
export function notification(alert: {
  labels: Readonly<Record<string, string>>;
  status?: 'firing' | 'resolved';
  startsAt?: string;
  fingerprint?: string;
}): object {
  const { labels, status = 'firing', startsAt = '2025-10-20T06:00:00Z', fingerprint = 'c9a5b1d2e3f40516' } = alert;
  const endsAt = status === 'firing' ? '0001-01-01T00:00:00Z' : '2025-10-20T07:00:00Z';
  return {
    version: '4',
    groupKey: '{}:{model="rain"}',
    truncatedAlerts: 0,
    status,
    receiver: 'meridian',
    groupLabels: { model: 'rain' },
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: 'http://alertmanager:9093',
    alerts: [
      { status, labels, annotations: {}, startsAt, endsAt, generatorURL: 'http://prometheus:9090/graph', fingerprint },
    ],
  };
}

/** Posts to a hook of a gateway's admin listener. */
export function postHook(admin: string, body: unknown, token = hookToken, path = '/hooks/alertmanager') {
  return fetch(admin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
