import type { Listener } from '../../core/events.ts';
import type { Model, Version } from '../../core/model.ts';
import type { InferenceRequest } from '../../core/request.ts';
import type { DrawnJob, Split } from '../../core/split.ts';
import { splitVersions } from '../split.ts';
import { recordChanges } from './changes.ts';
import { chargeOf, outOf, promotedOf } from './in-charge.ts';
import { createLooks } from './looks.ts';
import { missingVersions } from './missing.ts';
import { moved } from './move.ts';
import { newsOf } from './news.ts';
import { type OperatorAct, operate } from './operate.ts';
import type { CanaryPorts } from './ports.ts';
import { createRebuilds } from './rebuilds.ts';
import { type CanaryRecord, countedAs } from './record.ts';
import { splitCanary } from './split.ts';
import { createStarts, type Starts } from './starts.ts';
import { isRunning } from './states.ts';
import { createTrials, type Trials } from './trials.ts';
import { canaryViews, type View } from './views.ts';

/** Canaries of all models. */
export interface Canaries extends Pick<Starts, 'start'> {
  /** The versions of a call, of those it can reach, and its side of a running canary. */
  split(model: Model, request: InferenceRequest, reachable: readonly Version[]): Split;
  readonly hear: Listener;
  /** @throws GatewayError when the canary's state does not allow it, or the actor may not */
  act(model: string, act: OperatorAct, by: string, reason?: string): Promise<CanaryRecord>;
  /** Running, or the last one. */
  record(model: string): CanaryRecord | undefined;
  running(model: string): boolean;
  /** Version in charge: promoted, or the one with the most weight. */
  stableOf(model: string): string | undefined;
  /** The version that gets no calls although it has weight, as its canary ended after that was given. */
  outOf(model: string): string | undefined;
  /** Whether callers' calls go to a version: it has weight, was promoted or is on trial; not one that was replaced. */
  carries(model: string, version: string): boolean;
  /** A job that a target has taken from this process, if it is of an experiment. */
  drawnJob(id: string): DrawnJob | undefined;
  /** Looks at every running canary that is due; for all else time brings about. */
  tick(): Promise<void>;
  stop(): void;
}

const tickMs = 250;

/** Starts the clockwork: canaries of an earlier process go on, those the config asks for begin. */
export function createCanaries(ports: CanaryPorts): Canaries {
  const { state, clock, background } = ports;
  const view = canaryViews(state);
  const trials = createTrials(ports, model => view(model).record);
  const tell = newsOf(ports, view);
  const changes = recordChanges(ports, view, record => {
    if (record.state === 'rolled-back' || record.state === 'aborted') {
      background(() => ports.purge(record.model, record.canary));
      background(() => ports.tallies.forget(countedAs(record)));
    }
    tell(record.model);
  });
  const looks = createLooks({ ports, changes, trials, view });
  const starts = createStarts(ports, changes, view);
  const hold = (model: string, reason: string) =>
    changes.change(model, record => {
      const due = record && { ...record, shadowDue: record.step < 0 };
      return due && moved(due, 'hold', { by: 'gateway', reason, atMs: clock.wallMs() });
    });
  const rebuilds = createRebuilds(ports, changes, view);
  const missing = missingVersions(clock);
  purgeEnded(ports, view);
  const tick = async (): Promise<void> => {
    for (const model of ports.models()) {
      const { name } = model;
      tell(name);
      const { record } = view(name);
      if (record !== undefined && missing(model, record))
        await hold(name, `${record.canary} is not configured any more`).catch(() => undefined); // tried again
      await starts.configured(name);
      await rebuilds.settle(name); // before a look: it takes no step on what another build did
      if (trials.due(view(name).record)) await looks.look(name);
      else {
        await looks.settle(name);
        await looks.handOver(name);
      }
    }
  };
  const tellAll = () => {
    for (const { name } of ports.models()) tell(name);
  };
  trials.onUrgent(name => background(() => looks.look(name)));
  const stops = [
    clock.every(tickMs, () => background(tick)),
    state.watch(key => key.startsWith('canary') && tellAll()),
  ];
  return {
    split: splitter(ports, trials, view),
    hear: event => {
      trials.hear(event);
      rebuilds.hear(event);
    },
    start: starts.start,
    act: (name, act, by, reason = '') => operate(ports, changes, view, { name, act, by, reason }),
    record: name => view(name).record,
    running: name => isRunning(view(name).record?.state ?? 'aborted'),
    stableOf: name => {
      const model = ports.model(name);
      return model && chargeOf(model, view(name).record);
    },
    outOf: name => {
      const model = ports.model(name);
      return model && outOf(model, view(name).record);
    },
    carries: (name, version) => carries(ports.model(name), view(name).record, version),
    drawnJob: trials.drawnJob,
    tick,
    stop: () => {
      for (const stop of [...stops, looks.stop, trials.stop]) stop();
    },
  };
}

/** Who wrote an end down may have died before the version's cached answers were gone. */
function purgeEnded(ports: CanaryPorts, view: (model: string) => View): void {
  for (const model of ports.models()) {
    const { record } = view(model.name);
    if (record === undefined || isRunning(record.state) || carries(model, record, record.canary)) continue;
    ports.background(() => ports.purge(model.name, record.canary));
  }
}

function splitter(ports: CanaryPorts, trials: Trials, view: (model: string) => View): Canaries['split'] {
  return (model, request, reachable) => {
    const { record } = view(model.name);
    if (record === undefined) return { versions: splitVersions(reachable, model, request, ports.random) };
    const mayServe = (target: Version['targets'][number]) => ports.mayServe(model, target, request);
    const split = splitCanary(record, model, request, { versions: reachable, mayServe }, ports.random);
    if (split.arm !== undefined) trials.chosen(record, model, request, split.arm.side);
    return split;
  };
}

function carries(model: Model | undefined, record: CanaryRecord | undefined, version: string): boolean {
  if (model === undefined) return false;
  if (record !== undefined && isRunning(record.state) && record.canary === version) return true;
  const promoted = promotedOf(model, record);
  if (promoted !== undefined) return version === promoted;
  if (outOf(model, record) === version) return false;
  return model.versions.some(({ name, weight }) => name === version && weight > 0);
}
