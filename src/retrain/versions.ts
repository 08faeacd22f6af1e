import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model, NewVersions } from '../core/model.ts';
import type { StateStore } from '../state/state.ts';
import { isVersionKey, keyOf, listNewVersions, type NewVersion } from './new-version.ts';
import { type Refusals, refusalsIn } from './refusals.ts';

/** What registering needs of the rest. */
export interface VersionsPorts {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Of the config in force. */
  model(name: string): Model | undefined;
  models(): Iterable<Model>;
  /** Versions that carry or try traffic: they are not forgotten. */
  inUse(model: string): ReadonlySet<string>;
  /** Puts what is registered in force. */
  apply(): Promise<void>;
  /** Ends the canary of a version if it runs. Rejects while replicas cannot agree. */
  stopCanary(model: string, version: string, by: string, why: string): Promise<void>;
  /** Starts the canary, once however often asked. Resolves to why it cannot be now, or not at all; undefined: it runs. */
  startCanary(model: string, version: string, by: string): Promise<{ refusal: string; later: boolean } | undefined>;
  warn(message: string): void;
}

/** A package of a registry that was approved, or rejected. */
export interface JudgedPackage {
  readonly group: string;
  readonly number: number;
  readonly arn: string;
  /** When it was, and when it was made, where that is told. Wall-clock ms. */
  readonly judgedAtMs?: number;
  readonly createdAtMs?: number;
}

/** What became of an approved package: a version, or why there is none. */
export type Approval = { readonly taken: NewVersion } | { readonly taken: undefined; readonly why: string };

/** Versions that came by themselves: kept by all replicas, in force through restarts, each with its canary. */
export class Versions {
  readonly #ports: VersionsPorts;
  readonly #refusals: Refusals;
  readonly #stops: (() => void)[];

  /** Looks every `everyMs` for canaries that are due. */
  constructor(ports: VersionsPorts, everyMs: number) {
    this.#ports = ports;
    this.#refusals = refusalsIn(ports.state);
    const tend = () => void this.startDue().catch((error: unknown) => ports.warn(`new versions: ${String(error)}`));
    this.#stops = [
      ports.clock.every(everyMs, tend),
      ports.state.watch(key => {
        if (isVersionKey(key)) void ports.apply();
      }),
    ];
  }

  /** All of them, oldest package first. */
  list(): readonly NewVersion[] {
    return listNewVersions(this.#ports.state);
  }

  /**
   * Takes an approved package over as a version of the model that its group feeds. Told again, it changes nothing. One
   * that is older than another that is known is news that came late: it is a version, and has no canary by itself.
   */
  async approved(pack: JudgedPackage, by: string): Promise<Approval> {
    const { state, clock } = this.#ports;
    const place = this.#placeOf(pack);
    if (place === undefined) return { taken: undefined, why: `no model takes packages of ${pack.group}` };
    const { model, version, newVersions } = place;
    const why = this.#refusals.of(model, version, pack.judgedAtMs ?? clock.wallMs());
    if (why !== undefined) return { taken: undefined, why };
    const known = this.#find(model, version);
    if (known !== undefined) return { taken: known };
    const made = this.#made(model, version, newVersions, pack, by);
    if (this.#forgettable(model, newVersions, made).includes(made))
      return { taken: undefined, why: `package ${pack.number} is older than those that are kept` };
    if (!(await state.replace(keyOf(made), undefined, JSON.stringify(made))))
      return { taken: this.#find(model, version) ?? made };
    for (const old of this.#forgettable(model, newVersions)) await state.delete(keyOf(old));
    await this.#ports.apply();
    this.#ports.emit({ type: 'version-registered', model, version, packageArn: pack.arn, by });
    await this.startDue();
    return { taken: this.#find(model, version) ?? made };
  }

  /**
   * A package was rejected in its registry: its version gets no canary any more, one that runs ends, and approvals of
   * before are not heard. One in charge stays: whether to go back is a person's decision. Resolves to the model and
   * version it is about; undefined when no model takes packages of that group. Rejects while replicas cannot agree.
   */
  async rejected(pack: JudgedPackage, by: string): Promise<{ model: string; version: string } | undefined> {
    const { clock, stopCanary } = this.#ports;
    const place = this.#placeOf(pack);
    if (place === undefined) return undefined;
    const { model, version } = place;
    const [why, atMs] = [`package ${pack.number} was rejected in the registry`, pack.judgedAtMs ?? clock.wallMs()];
    const known = this.#find(model, version);
    const isOld = (known?.approvedAtMs ?? 0) > atMs || this.#refusals.of(model, version, atMs) !== undefined;
    if (isOld) return { model, version };
    if (known?.canary === 'due') await this.#refuse(known, why);
    await stopCanary(model, version, by, why);
    await this.#refusals.add(model, version, { why, atMs }); // last: who dies before is told again, and does it all
    return { model, version };
  }

  #refuse(version: NewVersion, detail: string): Promise<boolean> {
    return this.#keep(version, { canary: 'refused', detail });
  }

  /** False when another replica was faster. */
  #keep(version: NewVersion, change: Pick<NewVersion, 'canary' | 'detail'>): Promise<boolean> {
    const text = JSON.stringify({ ...version, ...change });
    return this.#ports.state.replace(keyOf(version), JSON.stringify(version), text);
  }

  /** The version that a package is, by the model that takes its group's. */
  #placeOf({ group, number }: JudgedPackage) {
    const model = [...this.#ports.models()].find(({ newVersions }) => newVersions?.packageGroup === group);
    if (model?.newVersions === undefined) return undefined;
    const { name, newVersions } = model;
    return { model: name, version: filled(newVersions.name, number), newVersions };
  }

  #find(model: string, version: string): NewVersion | undefined {
    return this.list().find(each => each.model === model && each.version === version);
  }

  #made(model: string, version: string, options: NewVersions, pack: JudgedPackage, by: string): NewVersion {
    return {
      model,
      version,
      endpoint: filled(options.endpoint, pack.number),
      ...(options.variant !== undefined && { variant: filled(options.variant, pack.number) }),
      packageArn: pack.arn,
      number: pack.number,
      by,
      at: new Date(this.#ports.clock.wallMs()).toISOString(),
      ...(pack.judgedAtMs !== undefined && { approvedAtMs: pack.judgedAtMs }),
      ...this.#canaryOf(model, options, pack),
    };
  }

  #canaryOf(model: string, { canary }: NewVersions, { number }: JudgedPackage): Pick<NewVersion, 'canary' | 'detail'> {
    if (!canary) return { canary: 'none' };
    const newest = this.list().findLast(each => each.model === model);
    if (newest === undefined || newest.number < number) return { canary: 'due' };
    return { canary: 'refused', detail: `package ${newest.number} is newer` };
  }

  /** Takes a version out; approvals of before do not bring it back. False when there is none, or it is in use. */
  async remove(model: string, version: string): Promise<boolean> {
    const known = this.#find(model, version);
    if (known === undefined || this.#ports.inUse(model).has(version)) return false;
    await this.#refusals.add(model, version, { why: `${version} was taken out`, atMs: this.#ports.clock.wallMs() });
    await this.#ports.state.delete(keyOf(known));
    await this.#ports.apply();
    return true;
  }

  /**
   * Starts the canaries that are due; what cannot be now is tried again later. Of a model only the newest version is
   * tried: what came before it and waited would be a step back.
   */
  async startDue(): Promise<void> {
    const newest = new Map(this.list().map(each => [each.model, each]));
    for (const each of this.list()) {
      if (each.canary !== 'due') continue;
      const after = newest.get(each.model);
      if (after !== undefined && after.version !== each.version) {
        await this.#refuse(each, `package ${after.number} is newer`);
        continue;
      }
      if (!this.#ports.model(each.model)?.versions.some(({ name }) => name === each.version)) continue;
      const refused = await this.#ports.startCanary(each.model, each.version, each.by);
      if (refused?.later) continue;
      if (refused !== undefined) this.#ports.warn(`no canary of ${each.model} ${each.version}: ${refused.refusal}`);
      await (refused === undefined ? this.#keep(each, { canary: 'started' }) : this.#refuse(each, refused.refusal));
    }
  }

  /** Versions beyond those that are kept beside those in use; with one that would be new. */
  #forgettable(model: string, { keep }: NewVersions, ...more: readonly NewVersion[]): readonly NewVersion[] {
    const inUse = this.#ports.inUse(model);
    const all = [...this.list(), ...more].sort((a, b) => a.number - b.number);
    return all.filter(each => each.model === model && !inUse.has(each.version)).slice(0, -keep);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

function filled(text: string, number: number): string {
  return text.replaceAll('{number}', String(number));
}
