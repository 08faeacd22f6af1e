import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import type { GatewayEvent } from '../../src/core/events.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { AttemptResult } from '../../src/core/result.ts';
import type { Target } from '../../src/core/target.ts';
import { createHealth } from '../../src/health/availability.ts';
import type { Permit, PermitReason } from '../../src/health/health.ts';
import type { HealthControl, HealthPorts } from '../../src/health/health-control.ts';
import { HealthOptions } from '../../src/health/options.ts';
import type { StateStore } from '../../src/state/state.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** The schema's defaults, with these instead. */
export function healthOptions(changes: Partial<Static<typeof HealthOptions>> = {}): HealthOptions {
  return Value.Parse(HealthOptions, Value.Default(HealthOptions, { ...changes }));
}

export function targetIn(region: string, changes: Partial<Target> = {}): Target {
  const model = changes.model ?? 'rain';
  const version = changes.version ?? 'v1';
  return {
    id: `${model}/${version}/${region}`,
    name: `${version}@${region}/realtime`,
    model,
    version,
    kind: 'sagemaker-realtime',
    region,
    residency: 'any',
    endpoint: `${model}-${version}`,
    maxConcurrency: 100,
    operations: ['invoke'],
    maxRequestBytes: 1_000_000,
    weight: 1,
    price: { basis: 'unknown' },
    egressUsdPerGb: 0,
    identity: 'default',
    quotaGroup: `${model}/${version}/${region}`,
    ...changes,
  };
}

/** What a backend might have returned. */
export function resultOf(outcome: Outcome, retryAfterMs?: number): AttemptResult {
  if (outcome === 'ok') return { outcome, sent: true, durationMs: 5 };
  const error = { type: 'Test', message: `it was ${outcome}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { outcome, error, sent: true, durationMs: 5 };
}

export interface SharedStore extends StateStore {
  /** As another replica would write: watchers are told. */
  writeElsewhere(key: string, value: string | undefined): void;
  readonly watchers: number;
}

/** A state store in memory. `broken` makes every write fail. */
export function memoryStore(broken = false): SharedStore {
  const records = new Map<string, string>();
  const watchers = new Set<(key: string, value: string | undefined) => void>();
  const put = (key: string, value: string | undefined) => {
    if (value === undefined) records.delete(key);
    else records.set(key, value);
  };
  const write = async (key: string, value: string | undefined) => {
    if (broken) throw new Error('disk full');
    put(key, value);
  };
  return {
    get: key => records.get(key),
    set: write,
    delete: key => write(key, undefined),
    replace: async (key, expected, value) => {
      if (records.get(key) !== expected) return false;
      await write(key, value);
      return true;
    },
    list: prefix => new Map([...records].filter(([key]) => key.startsWith(prefix))),
    watch: listener => {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    close: async () => {},
    writeElsewhere: (key, value) => {
      put(key, value);
      for (const watcher of watchers) watcher(key, value);
    },
    get watchers() {
      return watchers.size;
    },
  };
}

export interface Fixture {
  readonly health: HealthControl;
  readonly clock: ManualClock;
  readonly store: SharedStore;
  readonly events: GatewayEvent[];
  /** Takes a slot and settles it at once; false when there was none. */
  call(target: Target, outcome: Outcome, reason?: PermitReason): boolean;
  /** A slot, or a failed test. */
  permit(target: Target, reason?: PermitReason): Permit;
  /** Five failures in a row. */
  eject(target: Target): void;
  /** Moves time to the end of the target's ejection. */
  sitOut(target: Target): void;
}

export interface FixtureOptions {
  readonly targets: readonly Target[];
  readonly options?: Partial<HealthOptions>;
  readonly replicas?: () => number;
  readonly probe?: HealthPorts['probe'];
  readonly store?: SharedStore;
  readonly seed?: number;
}

/** Health over a clock that moves by hand. It stops with the test. */
export function healthFixture(t: { teardown(run: () => void): void }, setup: FixtureOptions): Fixture {
  const clock = manualClock();
  const store = setup.store ?? memoryStore();
  const events: GatewayEvent[] = [];
  const health = createHealth({
    targets: setup.targets,
    options: healthOptions(setup.options),
    clock,
    random: seededRandom(setup.seed ?? 7),
    emit: event => events.push(event),
    state: store,
    replicas: setup.replicas ?? (() => 1),
    ...(setup.probe === undefined ? {} : { probe: setup.probe }),
  });
  t.teardown(() => health.stop());
  const permit = (target: Target, reason: PermitReason = 'call') => {
    const taken = health.acquire(target, reason);
    if (taken === undefined) throw new Error(`no slot on ${target.id} for ${reason}`);
    return taken;
  };
  return {
    health,
    clock,
    store,
    events,
    permit,
    call: (target, outcome, reason = 'call') => {
      const taken = health.acquire(target, reason);
      taken?.settle(resultOf(outcome));
      return taken !== undefined;
    },
    eject: target => {
      for (let count = 0; count < 5; count += 1) permit(target).settle(resultOf('backend-fault'));
    },
    sitOut: target => clock.advance(health.describe(target).ejectedForMs),
  };
}
