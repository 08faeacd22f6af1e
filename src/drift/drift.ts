import type { GatewayEvent, Listener } from '../core/events.ts';
import type { DrawnCall } from '../core/split.ts';
import type { Baseline } from './baseline.ts';
import { baselinesOf } from './baselines.ts';
import { callQueue } from './call-queue.ts';
import { errorShifts } from './error-shifts.ts';
import type { JudgedWindow } from './judged-window.ts';
import { Learning } from './learning.ts';
import { readPredictions, readRecords } from './payload.ts';
import type { DriftPorts, MonitoredModel } from './ports.ts';
import {
  type CalledEvent,
  isTooLong,
  type ReadableCall,
  readableCall,
  requestBytes,
  tells,
  versionOf,
} from './readable-call.ts';
import { everyone, scopeOf } from './scope.ts';
import { type KeptPanes, paneStore } from './stored-panes.ts';
import { untilAgreed } from './until-agreed.ts';
import { type Part, partKey, partsOf, type Watched, WatchedVersions } from './watched-versions.ts';

/** An answer whose ground truth may come. */
export interface RememberedCall {
  readonly inferenceId: string;
  readonly model: string;
  readonly version: string;
  readonly tenant: string;
  /** Residency class of the region that answered. */
  readonly residency: string;
  /** Whose truths are also judged by themselves: see `scopeOf`. */
  readonly scope?: string;
  /** Wall clock, ms. */
  readonly answeredAt: number;
  readonly predictions: readonly (number | string)[];
  readonly drawn?: DrawnCall;
}

/** A prediction that turned out so. */
export type JoinedTruth = Omit<Extract<GatewayEvent, { type: 'truth-joined' }>, 'type'>;

/** Watches models for drift. */
export interface Drift {
  readonly hear: Listener;
  /** Takes in a prediction that turned out so: tells everyone, counts it. */
  joined(truth: JoinedTruth): void;
  /** Resolves when all calls that were answered until now have been read, and so are remembered. */
  caughtUp(): Promise<void>;
  /**
   * Makes a baseline for a version, of its newest records where none is given, and puts it in force on all replicas.
   * False when it must wait for records, or another replica was first. @param why replicas with the same reason do it once
   */
  rebaseline(model: string, version: string, baseline?: Baseline, why?: string): Promise<boolean>;
  watched(): readonly Watched[];
  /** Forgets the records kept for new baselines. */
  forgetRecords(): void;
  /** Reads and judges what is due; resolves when that is done. Called by its own timer. */
  turn(): Promise<void>;
  stop(): Promise<void>;
}

/** How often panes are looked after, ms. */
const turnMs = 1_000;

/** Starts watching. @param remember told of every call that was read and has predictions */
export async function startDrift(ports: DriftPorts, remember: (call: RememberedCall) => void): Promise<Drift> {
  const { clock, counted } = ports;
  const baselines = baselinesOf(ports);
  const store = paneStore(ports.directory);
  const versions = new WatchedVersions(ports, baselines, store, await keptPanes(ports, store));
  const queue = callQueue(ports);
  const shifts = errorShifts(ports);
  versions.refresh();
  const learning = new Learning(ports, baselines, versions);
  const agreed = untilAgreed(ports);

  const turnAll = async () => {
    versions.refresh();
    await agreed(() => learning.promoted());
    for (const part of versions.all().flatMap(partsOf)) {
      await agreed(() => learning.predictions(part));
      if (ports.disturbed(part.model)) part.monitor?.disturb();
      for (const window of (await part.monitor?.turn()) ?? []) {
        part.windows.set(window.kind, window);
        tell(ports, part, window);
        await agreed(() => learning.performance(part, window));
        const { model, version, scope } = part;
        for (const { check } of window.violations)
          counted.add('meridian_data_quality_violations_total', { model, version, scope, check });
      }
    }
    await versions.save(false);
  };
  const turn = oneAtATime(() => turnAll().catch((error: unknown) => ports.warn(`drift: ${String(error)}`)));
  const stopTurns = clock.every(turnMs, () => void turn());

  const joined: Drift['joined'] = truth => {
    ports.emit({ type: 'truth-joined', ...truth });
    const watched = versions.find(truth.model, truth.version);
    const own = truth.scope === undefined ? undefined : watched?.scopes.get(truth.scope);
    for (const part of [watched?.whole, own]) part?.monitor?.truth(clock.wallMs(), truth.predicted, truth.truth);
    shifts.add(truth, ports.model(truth.model)?.options.payload.threshold);
  };

  const read = (model: MonitoredModel, watched: Watched, call: ReadableCall) => {
    const records = readRecords(model.shape, call.requestType, requestBytes(call.request));
    const predictions = readPredictions(model.shape, call.answerType, call.answer);
    watched.calls[records.instances.length === 0 ? 'unreadable' : 'read'].value += 1;
    const scope = scopeOf(model, call.bound);
    const own = scope === undefined ? undefined : watched.scopes.get(scope);
    for (const part of own === undefined ? [watched.whole] : [watched.whole, own]) {
      part.monitor?.record(call.atMs, records, predictions);
      part.ring.add(records, predictions, clock.now());
    }
    if (predictions.length === 0 || isTooLong(predictions)) return;
    const { inferenceId, tenant, residency, atMs: answeredAt, drawn } = call;
    const answered = { inferenceId, model: model.name, version: watched.version, tenant, residency, answeredAt };
    remember({ ...answered, predictions, ...(scope !== undefined && { scope }), ...(drawn && { drawn }) });
  };

  const called = (event: CalledEvent) => {
    const model = ports.model(event.model);
    if (model === undefined || !tells(event)) return;
    const watched = versions.find(model.name, versionOf(event));
    if (watched === undefined) return;
    const call = readableCall(event, clock.wallMs());
    const bytes = call.request.body.length + call.answer.length;
    const { sampleRate, largeSampleRate, maxBodyBytes, maxQueuedBytes } = model.options;
    const rate = bytes > maxBodyBytes ? Math.min(sampleRate, largeSampleRate) : sampleRate;
    if (rate < 1 && ports.random() >= rate) watched.calls['sampled-out'].value += 1;
    else if (!queue.add({ bytes, read: () => read(model, watched, call) }, maxQueuedBytes))
      watched.calls.dropped.value += 1;
  };

  return {
    hear: event => {
      if (event.type === 'version-called') called(event);
      else if (event.type === 'region-changed' && event.to === 'evacuated') markDisturbed(ports, versions.all());
    },
    joined,
    caughtUp: queue.caughtUp,
    rebaseline: (...of) => learning.rebaseline(...of),
    watched: () => versions.all(),
    forgetRecords: () => {
      queue.flush();
      for (const { ring } of versions.all().flatMap(partsOf)) ring.clear();
    },
    turn,
    stop: async () => {
      stopTurns();
      queue.flush();
      await turn();
      queue.stop();
      await versions.save(true);
    },
  };
}

function markDisturbed(ports: DriftPorts, all: readonly Watched[]): void {
  for (const { model, monitor } of all.flatMap(partsOf)) if (ports.disturbed(model)) monitor?.disturb();
}

function tell(ports: DriftPorts, { model, version, scope }: Part, window: JudgedWindow): void {
  const { kind, endsAt: windowEndsAt, counts } = window;
  for (const { monitor, feature, statistic, value, level, sample } of window.judgements)
    ports.emit({
      type: 'drift-judged',
      ...{ model, version, scope, monitor, feature, statistic, value, level, sample, windowEndsAt },
      window: kind,
      disturbed: counts.disturbed,
    });
}

async function keptPanes(ports: DriftPorts, store: ReturnType<typeof paneStore>): Promise<Map<string, KeptPanes>> {
  const kept = new Map<string, KeptPanes>();
  for (const { name: model, versions, scopes } of ports.models()) {
    for (const version of versions) {
      for (const scope of [everyone, ...scopes]) {
        const of = { model, version, scope };
        const panes = await store.load(of);
        if (panes !== undefined) kept.set(partKey(of), panes);
      }
    }
  }
  return kept;
}

/** Asked while it runs, it is that run's end that is waited for. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
