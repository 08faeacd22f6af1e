import { GatewayError } from '../../core/errors.ts';
import type { Listener } from '../../core/events.ts';
import type { Model, Version } from '../../core/model.ts';
import type { InferenceRequest } from '../../core/request.ts';
import type { Split } from '../../core/split.ts';
import { splitVersions } from '../split.ts';
import { beginning, configuredId } from './begin.ts';
import { recordChanges } from './changes.ts';
import { lookAt } from './looking.ts';
import { missingVersions } from './missing.ts';
import { moved } from './move.ts';
import { newsOf } from './news.ts';
import { type OperatorAct, operate } from './operate.ts';
import type { PlanChanges } from './plan.ts';
import { stableVersion, weightsOf } from './plan.ts';
import type { CanaryPorts } from './ports.ts';
import { type CanaryRecord, inCharge } from './record.ts';
import { splitCanary } from './split.ts';
import { isRunning } from './states.ts';
import { createTrials } from './trials.ts';
import { canaryViews } from './views.ts';

/** Canaries of all models. */
export interface Canaries {
  /** The versions of a call, of those it can reach, and its side of a running canary. */
  split(model: Model, request: InferenceRequest, reachable: readonly Version[]): Split;
  readonly hear: Listener;
  /** @throws GatewayError when it cannot begin */
  start(model: string, version: string, by: string, options?: StartOptions): Promise<CanaryRecord>;
  /** @throws GatewayError when the canary's state does not allow it, or the actor may not */
  act(model: string, act: OperatorAct, by: string, reason?: string): Promise<CanaryRecord>;
  /** Running, or the last one. */
  record(model: string): CanaryRecord | undefined;
  running(model: string): boolean;
  /** Version in charge: promoted, or the one with the most weight. */
  stableOf(model: string): string | undefined;
  /** Looks at every running canary that is due; for all else time brings about. */
  tick(): Promise<void>;
  stop(): void;
}

/** How one start differs from the model's config. */
export interface StartOptions {
  readonly reason?: string;
  readonly changes?: PlanChanges;
}

const tickMs = 250;

/** Starts the clockwork: canaries of an earlier process go on, those the config asks for begin. */
export function createCanaries(ports: CanaryPorts): Canaries {
  const { state, clock, random } = ports;
  const view = canaryViews(state);
  const trials = createTrials(ports, model => view(model).record);
  const tell = newsOf(ports, view);
  const changes = recordChanges(ports, view, record => {
    if (record.state === 'rolled-back' || record.state === 'aborted') {
      ports.background(() => ports.purge(record.model, record.canary));
      ports.background(() => ports.tallies.forget(record.id));
    }
    tell(record.model);
  });
  const looking = new Map<string, Promise<void>>();
  let stopped = false;

  const look = async (name: string): Promise<void> => {
    const now = view(name);
    const { record } = now;
    const trial = trials.of(record);
    if (record === undefined || trial === undefined) return settleStop(name);
    const { next, decision, alone } = await lookAt(ports, record, trial);
    if (next === undefined || stopped) return;
    const together = !alone && (await changes.replace(now, next).catch(() => undefined));
    if (together !== undefined && together !== false) return trials.looked(next);
    if ((alone || together === undefined) && decision?.move === 'condemn') {
      const { reason } = decision;
      await changes.stopAlone(record, { state: 'rolled-back', by: 'gateway', reason, atMs: clock.wallMs() });
    }
  };
  /** An end that was written down alone is put in the record when the replicas are together again. */
  const settleStop = async (name: string): Promise<void> => {
    const now = view(name);
    const stored = now.text === undefined ? undefined : (JSON.parse(now.text) as CanaryRecord);
    if (now.record === undefined || stored === undefined || stored.state === now.record.state || !ports.together())
      return;
    const { reason, stateSinceMs: atMs } = now.record;
    const by = 'gateway';
    const ended = moved(stored, now.record.state === 'aborted' ? 'abort' : 'condemn', { by, reason, atMs });
    if (ended !== undefined) await changes.replace(now, ended).catch(() => false);
  };
  const lookOnce = (name: string): Promise<void> => {
    const running = looking.get(name) ?? look(name).finally(() => looking.delete(name));
    looking.set(name, running);
    return running;
  };
  const start: Canaries['start'] = async (name, version, by, { reason = '', changes: said = {} } = {}) => {
    const id = `${version}-${clock.wallMs().toString(36)}${Math.floor(random() * 46_656).toString(36)}`;
    return begin(name, { id, version, by, reason, changes: said });
  };
  const begin = async (name: string, said: Omit<Parameters<typeof beginning>[3], 'atMs'>): Promise<CanaryRecord> => {
    const [model, options] = [ports.model(name), ports.options(name)];
    if (model === undefined || options === undefined) throw new GatewayError('not-found', `No model ${name}.`);
    const begun = await changes.change(name, before =>
      beginning(model, options, before, { ...said, atMs: clock.wallMs() }),
    );
    return begun as CanaryRecord;
  };
  const refusedOnce = new Set<string>();
  /** The canary that the config asks for, unless it had its turn. */
  const beginConfigured = async (name: string): Promise<void> => {
    const options = ports.options(name);
    if (options?.version === undefined || !ports.together()) return;
    const id = configuredId(name, options);
    const { record } = view(name);
    if (record?.id === id || record?.previous.includes(id) || refusedOnce.has(id)) return;
    if (record !== undefined && isRunning(record.state)) return;
    try {
      await begin(name, { id, version: options.version, by: 'config', reason: 'models.canary.version', changes: {} });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code === 'replicas-apart') return;
      refusedOnce.add(id);
      ports.warn(`the canary that the config asks for did not start: ${error.message}`);
    }
  };
  const missing = missingVersions(clock);
  const holdMissing = async (model: Model): Promise<void> => {
    const { record } = view(model.name);
    if (record === undefined || !missing(model, record)) return;
    const reason = `${record.canary} is not configured any more`;
    const mover = { by: 'gateway', reason, atMs: clock.wallMs() };
    await changes.change(model.name, now => now && moved(now, 'hold', mover)).catch(() => undefined); // tried again
  };
  const tick = async (): Promise<void> => {
    for (const model of ports.models()) {
      const { name } = model;
      tell(name);
      await holdMissing(model);
      await beginConfigured(name);
      if (trials.due(view(name).record)) await lookOnce(name);
      else await settleStop(name);
    }
  };
  trials.onUrgent(name => ports.background(() => lookOnce(name)));
  const stops = [
    clock.every(tickMs, () => ports.background(tick)),
    state.watch(key => key.startsWith('canary') && tellAll()),
  ];
  const tellAll = () => {
    for (const { name } of ports.models()) tell(name);
  };
  return {
    split: (model, request, reachable) => {
      const { record } = view(model.name);
      if (record === undefined) return { versions: splitVersions(reachable, model, request, random) };
      const mayServe = (target: Version['targets'][number]) => ports.mayServe(model, target, request);
      const split = splitCanary(record, model, request, { versions: reachable, mayServe }, random);
      if (split.arm !== undefined) trials.chosen(record, model, request, split.arm.side);
      return split;
    },
    hear: event => {
      trials.hear(event);
      if (event.type !== 'build-changed' || !isRunning(view(event.target.model).record?.state ?? 'aborted')) return;
      const reason = `another build stands behind ${event.target.name}: ${event.detail}`;
      ports.background(() =>
        changes.change(
          event.target.model,
          record => record && moved(record, 'hold', { by: 'gateway', reason, atMs: clock.wallMs() }),
        ),
      );
    },
    start,
    act: (name, act, by, reason = '') => operate(ports, changes, view, { name, act, by, reason }),
    record: name => view(name).record,
    running: name => isRunning(view(name).record?.state ?? 'aborted'),
    stableOf: name => {
      const model = ports.model(name);
      const { record } = view(name);
      const charge = model && record && inCharge(record, weightsOf(model));
      return charge ?? (model && stableVersion(model, ''));
    },
    tick,
    stop: () => {
      stopped = true;
      for (const stop of stops) stop();
      trials.stop();
    },
  };
}
