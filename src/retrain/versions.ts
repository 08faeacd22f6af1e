import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model, NewVersions } from '../core/model.ts';
import type { StateStore } from '../state/state.ts';

/** A version that was not in the config when the gateway started, as it is kept. */
export interface NewVersion {
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly variant?: string;
  /** Of the package it was made of. */
  readonly packageArn: string;
  /** The package's version: the greater, the newer. */
  readonly number: number;
  /** Who or what registered it, and when (ISO 8601). */
  readonly by: string;
  readonly at: string;
  /** What became of starting its canary; `due`: not yet. */
  readonly canary: 'none' | 'due' | 'started' | 'refused';
  /** Why it was refused. */
  readonly detail?: string;
}

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
  /** Starts the canary, once however often asked. Resolves to why it cannot be now, or not at all; undefined: it runs. */
  startCanary(model: string, version: string, by: string): Promise<{ refusal: string; later: boolean } | undefined>;
  warn(message: string): void;
}

/** A package of a registry that was approved. */
export interface ApprovedPackage {
  readonly group: string;
  readonly number: number;
  readonly arn: string;
}

const prefix = 'version/';

/** Versions that came by themselves: kept by all replicas, in force through restarts, each with its canary. */
export class Versions {
  readonly #ports: VersionsPorts;
  readonly #stops: (() => void)[];

  /** Looks every `everyMs` for canaries that are due. */
  constructor(ports: VersionsPorts, everyMs: number) {
    this.#ports = ports;
    const tend = () => void this.startDue().catch((error: unknown) => ports.warn(`new versions: ${String(error)}`));
    this.#stops = [
      ports.clock.every(everyMs, tend),
      ports.state.watch(key => {
        if (key.startsWith(prefix)) void ports.apply();
      }),
    ];
  }

  /** All of them, oldest package first. */
  list(): readonly NewVersion[] {
    return listNewVersions(this.#ports.state);
  }

  /**
   * Takes an approved package over as a version of the model that its group feeds. Told again, it changes nothing.
   * Resolves to the version, or to undefined when no model takes packages of that group.
   */
  async approved(pack: ApprovedPackage, by: string): Promise<NewVersion | undefined> {
    const model = [...this.#ports.models()].find(({ newVersions }) => newVersions?.packageGroup === pack.group);
    if (model?.newVersions === undefined) return undefined;
    const { newVersions } = model;
    const version = filled(newVersions.name, pack.number);
    const known = this.list().find(each => each.model === model.name && each.version === version);
    if (known !== undefined) return known;
    const made = this.#made(model.name, version, newVersions, pack, by);
    if (!(await this.#ports.state.replace(keyOf(made), undefined, JSON.stringify(made))))
      return this.list().find(each => keyOf(each) === keyOf(made)) ?? made;
    await this.#forgetOld(model.name, newVersions);
    await this.#ports.apply();
    this.#ports.emit({ type: 'version-registered', model: model.name, version, packageArn: pack.arn, by });
    await this.startDue();
    return made;
  }

  #made(model: string, version: string, options: NewVersions, pack: ApprovedPackage, by: string): NewVersion {
    return {
      model,
      version,
      endpoint: filled(options.endpoint, pack.number),
      ...(options.variant !== undefined && { variant: filled(options.variant, pack.number) }),
      packageArn: pack.arn,
      number: pack.number,
      by,
      at: new Date(this.#ports.clock.wallMs()).toISOString(),
      canary: options.canary ? 'due' : 'none',
    };
  }

  /** Takes a version out. False when there is none, or it is in use. */
  async remove(model: string, version: string): Promise<boolean> {
    const known = this.list().find(each => each.model === model && each.version === version);
    if (known === undefined || this.#ports.inUse(model).has(version)) return false;
    await this.#ports.state.delete(keyOf(known));
    await this.#ports.apply();
    return true;
  }

  /** Starts the canaries that are due, of each model's newest version; what cannot be now is tried again later. */
  async startDue(): Promise<void> {
    const due = new Map(this.list().flatMap(each => (each.canary === 'due' ? [[each.model, each] as const] : [])));
    for (const each of due.values()) {
      if (!this.#ports.model(each.model)?.versions.some(({ name }) => name === each.version)) continue;
      const refused = await this.#ports.startCanary(each.model, each.version, each.by);
      if (refused?.later) continue;
      const outcome =
        refused === undefined
          ? { canary: 'started' as const }
          : { canary: 'refused' as const, detail: refused.refusal };
      if (refused !== undefined) this.#ports.warn(`no canary of ${each.model} ${each.version}: ${refused.refusal}`);
      await this.#ports.state.replace(keyOf(each), JSON.stringify(each), JSON.stringify({ ...each, ...outcome }));
    }
  }

  async #forgetOld(model: string, { keep }: NewVersions): Promise<void> {
    const inUse = this.#ports.inUse(model);
    const idle = this.list().filter(each => each.model === model && !inUse.has(each.version));
    for (const old of idle.slice(0, -keep)) await this.#ports.state.delete(keyOf(old));
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

/** What a store knows of new versions, oldest package first; records that cannot be read are passed over. */
export function listNewVersions(state: Pick<StateStore, 'list'>): readonly NewVersion[] {
  return [...state.list(prefix).values()].flatMap(readVersion).sort((a, b) => a.number - b.number);
}

function keyOf({ model, version }: Pick<NewVersion, 'model' | 'version'>): string {
  return `${prefix}${model}/${version}`;
}

function filled(text: string, number: number): string {
  return text.replaceAll('{number}', String(number));
}

function readVersion(text: string): NewVersion[] {
  try {
    const value: unknown = JSON.parse(text);
    const isOne =
      typeof value === 'object' && value !== null && 'model' in value && 'version' in value && 'endpoint' in value;
    return isOne ? [value as NewVersion] : [];
  } catch {
    return [];
  }
}
