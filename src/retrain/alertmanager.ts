import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { News } from './door.ts';
import { monitors } from './evidence.ts';

const Labels = Type.Record(Type.String(), Type.String());

/** What Alertmanager's `webhook_config` posts, version 4, as far as it is read. */
const Notification = Type.Object({
  version: Type.Literal('4'),
  alerts: Type.Array(
    Type.Object({
      status: Type.Enum(['firing', 'resolved']),
      labels: Labels,
      startsAt: Type.String(),
      fingerprint: Type.String({ pattern: '^[0-9a-f]{1,32}$' }),
    }),
  ),
});

/**
 * The news in a notification: its alerts that name a model (label `model`) and a monitor (label `monitor`). Undefined
 * for what is no notification. Repeats of an alert have the key of the first, by fingerprint and start.
 */
export function newsOf(body: unknown, by: string, nowMs: number): readonly News[] | undefined {
  if (!Value.Check(Notification, body)) return undefined;
  return body.alerts.flatMap(alert => newsOfAlert(alert, by, nowMs) ?? []);
}

/** What is longer is cut: it is kept, and goes out with requests to train. */
const longestLabel = 200;

type Alert = Static<typeof Notification>['alerts'][number];

function newsOfAlert({ status, labels, startsAt, fingerprint }: Alert, by: string, nowMs: number): News | undefined {
  const label = (name: string) => (Object.hasOwn(labels, name) ? labels[name]?.slice(0, longestLabel) : undefined);
  const model = label('model');
  const monitor = monitors.find(each => each === label('monitor'));
  const began = Date.parse(startsAt);
  if (model === undefined || monitor === undefined || Number.isNaN(began)) return undefined;
  return {
    model,
    scope: label('scope') ?? 'all',
    by: `alertmanager (${by})`,
    evidence: {
      key: `${fingerprint}@${began}`,
      source: 'alertmanager',
      monitor,
      version: label('version'),
      feature: label('feature'),
      statistic: label('statistic') ?? label('alertname'),
      value: undefined,
      sample: undefined,
      // While it fires it is true now, whenever it began.
      atMs: nowMs,
      active: status === 'firing',
    },
  };
}
