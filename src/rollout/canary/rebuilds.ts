import { GatewayError } from '../../core/errors.ts';
import type { GatewayEvent, Listener } from '../../core/events.ts';
import type { Changes } from './changes.ts';
import { noEvidence, noTotals } from './evidence.ts';
import { moved } from './move.ts';
import type { CanaryPorts } from './ports.ts';
import { audited, type CanaryRecord, countedAs } from './record.ts';
import { isRunning } from './states.ts';
import type { View } from './views.ts';

/** A notice that another build stands behind a target. */
export type Rebuild = Extract<GatewayEvent, { type: 'build-changed' }>;

/** Has canaries begin anew when another build stands behind one of their model's targets. */
export interface Rebuilds {
  readonly hear: Listener;
  /** Tells the model's canary what it has not been told, as while the replicas were apart. */
  settle(model: string): Promise<void>;
}

/** @param view a model's canary as it stands now */
export function createRebuilds(
  ports: Pick<CanaryPorts, 'clock' | 'tallies' | 'background'>,
  changes: Changes,
  view: (model: string) => View,
): Rebuilds {
  /** By model, then by target. */
  const waiting = new Map<string, Map<string, Rebuild>>();
  const settling = new Set<string>();
  const settle = async (name: string): Promise<void> => {
    const told = waiting.get(name);
    if (told === undefined || settling.has(name)) return;
    settling.add(name);
    try {
      const before = view(name).record;
      const notices = [...told.values()];
      const next = await changes.change(name, now => now && rebuilt(now, notices, ports.clock.wallMs()));
      for (const notice of notices) if (told.get(notice.target.id) === notice) told.delete(notice.target.id);
      if (told.size === 0) waiting.delete(name);
      if (next !== undefined && before !== undefined) ports.background(() => ports.tallies.forget(countedAs(before)));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // else: apart, or others are faster; at the next tick
    } finally {
      settling.delete(name);
    }
  };
  return {
    hear: event => {
      if (event.type !== 'build-changed') return;
      const { model, id } = event.target;
      if (!isRunning(view(model).record?.state ?? 'aborted')) return;
      const told = waiting.get(model) ?? new Map<string, Rebuild>();
      waiting.set(model, told.set(id, event));
      ports.background(() => settle(model));
    },
    settle,
  };
}

/** The control plane's clock and this one's may be so far apart. */
const clocksApartMs = 5_000;

/**
 * The record after another build was noticed behind some of its model's targets: held where it can be, with no evidence,
 * as what was seen was another build's. Undefined where nothing of it is new: every replica notices a build by itself, and
 * one may do so long after another, or after the canary began with that build. Pure.
 */
export function rebuilt(record: CanaryRecord, notices: readonly Rebuild[], atMs: number): CanaryRecord | undefined {
  const fresh = notices.filter(
    ({ target, build, deployedAtMs = Number.POSITIVE_INFINITY }) =>
      record.builds[target.id] !== build && deployedAtMs > record.startedAtMs - clocksApartMs,
  );
  if (!isRunning(record.state) || fresh.length === 0) return undefined;
  const anew: CanaryRecord = {
    ...record,
    builds: { ...record.builds, ...Object.fromEntries(fresh.map(({ target, build }) => [target.id, build])) },
    era: record.era + 1,
    eraSinceMs: atMs,
    consumed: {},
    evidence: noEvidence(),
    stepCalls: noTotals,
    stepStable: noTotals,
    stepSinceMs: atMs,
    waived: [],
    shadowDue: record.step < 0,
  };
  const said = fresh.map(({ target, detail }) => `${target.name}: ${detail}`).join('; ');
  const mover = { by: 'gateway', reason: `another build stands behind ${said}`, atMs };
  return moved(anew, 'hold', mover) ?? audited({ ...anew, reason: mover.reason }, { ...mover, act: 'rebuild' });
}
