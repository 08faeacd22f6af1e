import type { GatewayEvent, Listener } from '../core/events.ts';
import type { Model, ShadowSettings } from '../core/model.ts';
import type { Random } from '../core/random.ts';
import type { AgreementSummary } from './shadow-agreement.ts';
import { mirrorable } from './shadow-copy.ts';
import { type LanePorts, ShadowLane } from './shadow-lane.ts';

/** Mirroring that somebody asked for beside the config, such as a canary's first stage. */
export interface Mirroring {
  /** Since it was asked for, on this replica. */
  agreement(): AgreementSummary;
  /** Copies that wait or are under way are still compared. */
  stop(): void;
}

/** One version that gets copies, as operators see it. */
export interface ShadowView extends AgreementSummary {
  readonly model: string;
  readonly version: string;
  /** Of calls that can be mirrored, now; 0 when mirroring ended and what it found is still shown. */
  readonly share: number;
  readonly settings: Omit<ShadowSettings, 'version' | 'share'>;
  readonly waiting: number;
  readonly underWay: number;
}

/** Mirrors a share of a model's calls to another version, whose answers are compared and dropped. */
export interface Shadow {
  readonly hear: Listener;
  /** Mirrors a share (0 to 1) of a model's calls to `version` until stopped, whatever the config says of shadows. */
  mirror(model: string, version: string, share: number): Mirroring;
  /** What is and was mirrored, by model and version. */
  view(): readonly ShadowView[];
  /** Drops what waits and gives up what is under way. */
  stop(): void;
}

/** What mirroring needs of the rest. */
export interface ShadowPorts extends LanePorts {
  readonly random: Random;
  /** Of the config in force. */
  models(): ReadonlyMap<string, Model>;
}

interface Asked {
  readonly model: string;
  readonly version: string;
  readonly share: number;
}

/** Mirrors nothing until config or somebody says so. */
export function createShadow(ports: ShadowPorts): Shadow {
  const lanes = new Map<string, ShadowLane>();
  const asked = new Set<Asked>();
  let stopped = false;

  const laneOf = (model: string, version: string): ShadowLane => {
    const key = `${model}/${version}`;
    const known = lanes.get(key);
    if (known !== undefined) return known;
    for (const [other, lane] of lanes) if (isOver(lane)) lanes.delete(other);
    const lane = new ShadowLane(ports, model, version, () => ports.models().get(model)?.shadow);
    if (stopped) lane.stop();
    lanes.set(key, lane);
    return lane;
  };
  const shareOf = (model: Model | undefined, version: string): number => {
    let share = model?.shadow.version === version ? model.shadow.share : 0;
    for (const each of asked)
      if (each.model === model?.name && each.version === version) share = Math.max(share, each.share);
    return share;
  };
  /** Its version is gone, and nobody asks for it. */
  const isOver = ({ idle, model: name, version }: ShadowLane): boolean => {
    const model = ports.models().get(name);
    return idle && shareOf(model, version) === 0 && !model?.versions.some(each => each.name === version);
  };
  const versionsOf = (model: Model): ReadonlySet<string> => {
    const versions = new Set(model.shadow.version === undefined ? [] : [model.shadow.version]);
    for (const each of asked) if (each.model === model.name) versions.add(each.version);
    return versions;
  };
  const called = (event: Extract<GatewayEvent, { type: 'version-called' }>): void => {
    const model = ports.models().get(event.model);
    if (model === undefined || (model.shadow.version === undefined && asked.size === 0)) return;
    const call = mirrorable(event, model);
    if (call === undefined) return;
    for (const version of versionsOf(model)) {
      if (version === event.version || ports.random() >= shareOf(model, version)) continue;
      laneOf(model.name, version).offer(call);
    }
  };
  return {
    hear: event => {
      if (event.type === 'version-called') called(event);
      else if (event.type === 'build-changed')
        for (const lane of lanes.values()) if (lane.model === event.target.model) lane.renew();
    },
    mirror: (model, version, share) => {
      const mine: Asked = { model, version, share };
      const lane = laneOf(model, version);
      const first = shareOf(ports.models().get(model), version) === 0;
      if (first) lane.renew();
      asked.add(mine);
      return { agreement: () => lane.summary(), stop: () => void asked.delete(mine) };
    },
    view: () => {
      for (const { name, shadow } of ports.models().values())
        if (shadow.version !== undefined) laneOf(name, shadow.version);
      return [...lanes.values()].flatMap(lane => {
        const model = ports.models().get(lane.model);
        if (model === undefined) return [];
        const { version: _, share: __, ...settings } = model.shadow;
        const { version, waiting, underWay } = lane;
        const share = shareOf(model, version);
        return [{ model: model.name, version, share, settings, waiting, underWay, ...lane.summary() }];
      });
    },
    stop: () => {
      stopped = true;
      for (const lane of lanes.values()) lane.stop();
    },
  };
}
