import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Value } from 'typebox/value';
import type { GatewayEvent } from '../../src/core/events.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { Baseline } from '../../src/drift/baseline.ts';
import { baselineTexts, encodeBaseline } from '../../src/drift/baseline-files.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { type Drift, type RememberedCall, startDrift } from '../../src/drift/drift.ts';
import { MonitorOptions } from '../../src/drift/options.ts';
import type { DriftPorts, MonitoredModel } from '../../src/drift/ports.ts';
import type { PromotedVersion } from '../../src/drift/promotions.ts';
import { type Totals, totals } from '../../src/drift/totals.ts';
import { localTallies } from '../../src/state/tallies.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { memoryState } from './memory-state.ts';
import { stateDir } from './state-dir.ts';

/** Options of a monitor with panes of a minute, two to a window, and small samples. */
export function monitorOptions(options: object = {}): MonitorOptions {
  const windows = { paneSeconds: 60, tumblingPanes: 2, minRecords: 50, minTruths: 20, settleMs: 1_000 };
  const given = { windows, ...options };
  return Value.Default(MonitorOptions, given) as MonitorOptions;
}

/** A bell-shaped feature `x`, a text `colour` and a prediction that follows `x`. */
export function sampleRecord(random: () => number, shift = 0, red = 0.5): { x: number; colour: string } {
  const bell = random() + random() + random() + random() - 2;
  return { x: Math.round((bell + shift) * 1_000) / 1_000, colour: random() < red ? 'red' : 'blue' };
}

export function predictionOf({ x }: { x: number }): number {
  return 1 / (1 + Math.exp(-x));
}

/** The baseline of a thousand such records. */
export function sampleBaseline(records = 2_000): Baseline {
  const random = seededRandom(11);
  const rows = Array.from({ length: records }, () => sampleRecord(random));
  const instances = rows.map(row => new Map(Object.entries(row)));
  return buildBaseline({ instances, typed: true, predictions: rows.map(predictionOf), performance: undefined });
}

/** Writes the files of a baseline into a new directory below this one; its path. */
export function writeBaseline(directory: string, baseline: Baseline): string {
  const at = join(directory, 'baseline');
  mkdirSync(at);
  for (const [name, text] of Object.entries(baselineTexts(baseline, [], true))) writeFileSync(join(at, name), text);
  return at;
}

/** The model `rain`, served in the eu and the us. */
export function monitoredModel(options: MonitorOptions, versions: readonly string[]): MonitoredModel {
  const classes = new Set(['eu', 'us']);
  const scopes = Object.keys(options.scopes);
  return { name: 'rain', versions, scopes, classes, residency: undefined, options, shape: options.payload };
}

export interface DriftBench {
  readonly drift: Drift;
  readonly clock: ManualClock;
  readonly events: GatewayEvent[];
  readonly remembered: RememberedCall[];
  readonly warnings: string[];
  readonly counted: Totals;
  /** Whom a canary put in charge. */
  promoted: PromotedVersion | undefined;
  /** A call that was answered, or what it lacked. */
  call(instances: readonly object[], more?: Partial<CallOptions>): void;
  /** Moves time on and lets what falls due be done. */
  pass(ms: number): Promise<void>;
  judged(monitor: string, feature?: string): Extract<GatewayEvent, { type: 'drift-judged' }>[];
}

interface CallOptions {
  readonly version: string;
  readonly body: string;
  readonly contentType: string;
  readonly answer: string;
  readonly inferenceId: string;
  readonly tenant: string;
  /** Classes the caller's key is bound to. */
  readonly bound: readonly string[];
  readonly hint: string;
}

export interface BenchOptions {
  readonly monitor?: object;
  readonly baseline?: Baseline | undefined;
  readonly clock?: ManualClock;
  readonly ports?: Partial<DriftPorts>;
}

/** A monitor of the model `rain` with versions v1 and v2, driven by hand. */
export async function driftBench(t: Test, options: BenchOptions = {}): Promise<DriftBench> {
  const { clock = manualClock(Date.UTC(2025, 9, 20, 6, 48)), baseline = sampleBaseline() } = options;
  const monitor = monitorOptions(options.monitor);
  const model = monitoredModel(monitor, ['v1', 'v2']);
  const events: GatewayEvent[] = [];
  const remembered: RememberedCall[] = [];
  const warnings: string[] = [];
  const id = createHash('sha256').update(encodeBaseline(baseline)).digest('hex').slice(0, 12);
  const counted = totals();
  const ports: DriftPorts = {
    clock,
    random: seededRandom(5),
    emit: event => events.push(event),
    memory: { tryTake: () => true, give: () => {} },
    state: memoryState(),
    tallies: localTallies(),
    directory: stateDir(t),
    counted,
    models: () => [model],
    model: name => (name === 'rain' ? model : undefined),
    configured: () => ('baseline' in options && options.baseline === undefined ? undefined : { baseline, id }),
    promoted: () => bench.promoted,
    disturbed: () => false,
    warn: message => warnings.push(message),
    ...options.ports,
  };
  const drift = await startDrift(ports, call => remembered.push(call));
  t.teardown(() => drift.stop());
  const call: DriftBench['call'] = (instances, more = {}) => {
    const predictions = instances.map(each => predictionOf(each as { x: number }));
    const { version = 'v1', body = JSON.stringify({ instances }), answer = JSON.stringify({ predictions }) } = more;
    const { contentType = 'application/json', inferenceId, tenant = 'demo', bound, hint } = more;
    drift.hear({
      type: 'version-called',
      model: 'rain',
      version,
      outcome: 'ok',
      arm: undefined,
      request: {
        id: 'request',
        model: 'rain',
        operation: 'invoke',
        body: Buffer.from(body),
        fields: { contentType, ...(inferenceId !== undefined && { inferenceId }) },
        caller: { tenant, ...(bound && { residency: new Set(bound) }) },
        hints: {
          fallback: 'any',
          cache: { noCache: false, noStore: false },
          ...(hint !== undefined && { residency: hint }),
        },
      } as unknown as InferenceRequest,
      attempts: [],
      answer: { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(answer) },
    });
  };
  const bench: DriftBench = {
    drift,
    clock,
    promoted: undefined,
    events,
    remembered,
    warnings,
    counted,
    call,
    pass: async ms => {
      clock.advance(ms);
      await drift.turn();
      await drift.turn();
    },
    judged: (wanted, feature) =>
      events.flatMap(event =>
        event.type === 'drift-judged' &&
        event.monitor === wanted &&
        (feature === undefined || event.feature === feature)
          ? [event]
          : [],
      ),
  };
  return bench;
}
