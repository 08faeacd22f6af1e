import type { HistoryLine } from './history.ts';
import type { CanaryPorts } from './ports.ts';
import { type CanaryRecord, shareOf } from './record.ts';
import type { View } from './views.ts';

/** What was told of a model's canary last. */
interface Told {
  readonly id: string;
  readonly state: string;
  readonly share: number;
}

/**
 * Tells this process of canaries that changed, whoever changed them: an event for each change of state or share, and a
 * line of history for each act. What was so when the process began is no news.
 */
export function newsOf(
  ports: Pick<CanaryPorts, 'emit' | 'history' | 'background' | 'models'>,
  view: (model: string) => View,
): (model: string) => void {
  const told = new Map<string, Told>();
  /** Revisions whose lines are written, by model. */
  const written = new Map<string, number>();
  const writing = new Map<string, Promise<void>>();

  const write = async (record: CanaryRecord): Promise<void> => {
    const { model, id, canary } = record;
    const last = written.get(model) ?? (await ports.history.read(model, 1)).at(-1)?.revision ?? 0;
    const fresh = record.audit.filter(({ revision }) => revision > last);
    written.set(model, Math.max(last, record.revision));
    if (fresh.length === 0) return;
    await ports.history.append(
      model,
      fresh.map((line): HistoryLine => ({ id, canary, ...line })),
    );
  };
  const remember = (record: CanaryRecord): Told => ({ id: record.id, state: record.state, share: shareOf(record) });
  for (const { name } of ports.models()) {
    const { record } = view(name);
    if (record !== undefined) told.set(name, remember(record));
  }
  return name => {
    const { record } = view(name);
    if (record === undefined) return;
    if ((written.get(name) ?? -1) < record.revision) {
      const before = writing.get(name) ?? Promise.resolve();
      const mine = before.then(() => write(record));
      writing.set(
        name,
        mine.catch(() => undefined),
      );
      ports.background(() => mine);
    }
    const last = told.get(name);
    const now = remember(record);
    if (last?.id === now.id && last.state === now.state && last.share === now.share) return;
    told.set(name, now);
    const { model, id, stable, canary, reason, audit } = record;
    const from = last?.id === id ? last.state : undefined;
    const by = audit.at(-1)?.by ?? 'gateway';
    ports.emit({
      type: 'canary-changed',
      model,
      id,
      stable,
      canary,
      from,
      to: now.state,
      share: now.share,
      by,
      reason,
    });
  };
}
