import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../core/errors.ts';
import type { Priority } from '../core/priority.ts';
import type { Target } from '../core/target.ts';
import { slotQueue } from './capacity.ts';
import { type DrainScope, Drains } from './drains.ts';
import type { Health } from './health.ts';
import type { HealthControl, HealthPorts } from './health-control.ts';
import type { HealthOptions } from './options.ts';
import { Regions } from './regions.ts';
import { TargetRecord } from './target-record.ts';
import { Throttle } from './throttling.ts';
import type { Ward } from './ward.ts';

/** The one place that answers whether a target may be used. */
export function createHealth(ports: HealthPorts): HealthControl {
  return new Wards(ports);
}

class Wards implements HealthControl {
  readonly #ports: HealthPorts;
  readonly #drains: Drains;
  readonly #regions: Regions;
  readonly #queue;
  readonly #ward: Ward;
  readonly #unwatch: () => void;
  #options: HealthOptions;
  #records = new Map<string, TargetRecord>();
  /** By quota group: an account's quota is one, however many targets draw on it. */
  readonly #throttles = new Map<string, Throttle>();
  /** Targets of older configs, for the calls that still hold them. */
  readonly #gone = new WeakMap<Target, TargetRecord>();

  constructor(ports: HealthPorts) {
    this.#ports = ports;
    this.#options = ports.options;
    this.#drains = new Drains(ports.state);
    this.#queue = slotQueue<TargetRecord>(
      ports.clock,
      () => this.#options.maxWaiting,
      (record, priority) => !record.lacksSlot(priority),
    );
    this.#regions = new Regions({
      emit: ports.emit,
      nowMs: () => ports.clock.now(),
      evacuateShare: () => this.#options.evacuateShare,
      records: () => this.#records.values(),
      drained: region => this.#drains.region(region),
    });
    this.#ward = {
      clock: ports.clock,
      random: ports.random,
      emit: ports.emit,
      probe: ports.probe,
      options: () => this.#options,
      replicas: () => Math.max(1, ports.replicas()),
      throttle: group => this.#throttleOf(group),
      changed: () => this.#regions.reassess(),
    };
    this.update(ports.targets);
    this.#unwatch = this.#drains.watch(() => this.#readDrains());
  }

  available(target: Target, priority?: Priority) {
    return this.#recordOf(target).availability(priority);
  }

  acquire(target: Target, reason: Parameters<Health['acquire']>[1], priority?: Priority) {
    return this.#recordOf(target).acquire(reason, priority);
  }

  share(target: Target) {
    return this.#recordOf(target).share();
  }

  inFlight(target: Target) {
    return this.#recordOf(target).inFlight;
  }

  mayFailOpen(target: Target) {
    return this.#recordOf(target).mayFailOpen();
  }

  describe(target: Target) {
    return this.#recordOf(target).describe();
  }

  region(name: string) {
    return this.#regions.state(name);
  }

  waitForSlot(targets: readonly Target[], waitMs: number, signal: AbortSignal, priority: Priority = 'normal') {
    const records = targets.map(target => this.#recordOf(target));
    if (records.some(record => !record.lacksSlot(priority))) return Promise.resolve(true);
    for (const record of records) record.wanted(priority);
    return this.#queue.wait(records, waitMs, signal, priority);
  }

  update(targets: readonly Target[], options: HealthOptions = this.#options) {
    const rulesChanged = !isDeepStrictEqual(options, this.#options); // every load makes new objects of the same rules
    this.#options = options;
    const before = this.#records;
    this.#records = new Map();
    for (const target of targets) {
      const record = before.get(target.id) ?? this.#newRecord(target);
      before.delete(target.id);
      record.target = target;
      if (rulesChanged) record.illness.renewRules();
      this.#records.set(target.id, record);
    }
    const groups = new Set(targets.map(target => target.quotaGroup));
    for (const group of this.#throttles.keys()) if (!groups.has(group)) this.#throttles.delete(group);
    for (const record of before.values()) {
      record.illness.stop();
      this.#gone.set(record.target, record);
    }
    this.#readDrains();
  }

  async drain(scope: DrainScope, note: { readonly by: string; readonly reason: string }) {
    if (!this.#known(scope)) throw unknownScope(scope);
    await this.#drains.add(scope, { ...note, at: new Date(this.#ports.clock.wallMs()).toISOString() });
    this.#readDrains();
  }

  async undrain(scope: DrainScope) {
    if (!this.#drains.has(scope)) return false;
    await this.#drains.remove(scope);
    this.#readDrains();
    return true;
  }

  drains() {
    return this.#drains.list();
  }

  describeAll() {
    return [...this.#records.values()].map(record => ({ target: record.target, health: record.describe() }));
  }

  regions() {
    const names = new Set([...this.#records.values()].map(record => record.target.region));
    return new Map([...names].map(name => [name, this.#regions.state(name)] as const));
  }

  stop() {
    this.#unwatch();
    this.#queue.stop();
    for (const record of this.#records.values()) record.illness.stop();
  }

  #recordOf(target: Target): TargetRecord {
    return this.#records.get(target.id) ?? this.#gone.get(target) ?? this.#stranger(target);
  }

  /** A target of no config we saw: it may be called, and nothing is concluded from it. */
  #stranger(target: Target): TargetRecord {
    const record = this.#newRecord(target);
    record.illness.stop();
    this.#gone.set(target, record);
    return record;
  }

  #newRecord(target: Target): TargetRecord {
    return new TargetRecord(target, this.#ward, record => this.#queue.freed(record));
  }

  #throttleOf(group: string): Throttle {
    const known = this.#throttles.get(group);
    if (known !== undefined) return known;
    const throttle = new Throttle();
    this.#throttles.set(group, throttle);
    return throttle;
  }

  #readDrains() {
    for (const record of this.#records.values()) {
      const drained = this.#drains.covers(record.target);
      if (record.drained && !drained) record.illness.startSlowly();
      record.drained = drained;
    }
    this.#regions.reassess();
  }

  #known(scope: DrainScope): boolean {
    for (const { target } of this.#records.values()) {
      if ('region' in scope ? target.region === scope.region : isNamed(target, scope)) return true;
    }
    return false;
  }
}

function isNamed(target: Target, scope: { readonly model: string; readonly target: string }): boolean {
  return target.model === scope.model && target.name === scope.target;
}

function unknownScope(scope: DrainScope): GatewayError {
  const what = 'region' in scope ? `region ${scope.region}` : `target ${scope.target} of model ${scope.model}`;
  return new GatewayError('invalid-request', `No ${what} in the config; \`meridian explain MODEL\` lists the targets.`);
}
