import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EndpointBuild } from '../core/build.ts';
import type { Cancel, Clock } from '../core/clock.ts';

/** An endpoint's name in a region. */
export interface EndpointName {
  readonly region: string;
  readonly endpoint: string;
}

/** A build that was not there before. */
export interface NewBuild {
  /** Why it is another one, in words. */
  readonly detail: string;
  /** The same on every replica that describes it; an event that cannot be checked is a build of its own. */
  readonly build: string;
  /** Wall-clock ms; undefined where the control plane did not tell. */
  readonly deployedAtMs: number | undefined;
}

/** What watching builds needs of the rest. */
export interface BuildPorts {
  readonly clock: Clock;
  /** How often endpoints are described, ms; undefined: never. */
  everyMs(): number | undefined;
  /** Those of the config in force that may be described. */
  endpoints(): readonly EndpointName[];
  /** Rejects when the control plane does not tell. */
  describe(name: EndpointName): Promise<EndpointBuild>;
  /** Another build stands behind the name. */
  changed(name: EndpointName, build: NewBuild): void;
  warn(message: string): void;
  /** Keeps track of work that no caller waits for. */
  background(work: () => Promise<unknown>): void;
}

/** Notices when what stands behind an unchanged endpoint name is another build. */
export interface Builds {
  /** An event says that an endpoint was deployed or is being: `detail` in words. Repeated events change nothing more. */
  told(endpoint: string, region: string, detail: string): void;
  stop(): void;
}

/** An endpoint's event that is the same as its last is a repetition, if it comes within this time. */
const repeatedWithinMs = 60_000;
/** How often the config is asked whether to watch. */
const idleMs = 60_000;

/**
 * Why these are two builds; undefined when they are one. A time of modification alone says so only where weights and
 * instance counts stayed: else the endpoint was scaled.
 */
export function differenceOf(before: EndpointBuild, after: EndpointBuild): string | undefined {
  if (before.configName !== after.configName) return `configuration ${before.configName} became ${after.configName}`;
  if (!isDeepStrictEqual(before.images, after.images)) return 'other images were deployed';
  const scaled = !isDeepStrictEqual(before.capacity, after.capacity);
  if (before.modifiedAtMs !== after.modifiedAtMs && !scaled) return 'it was deployed again';
  return undefined;
}

/** Replicas may describe it at other times: scaling in between moves the time of modification, and names no build. */
function buildName(before: EndpointBuild | undefined, { configName, images, modifiedAtMs }: EndpointBuild): string {
  const told = before?.configName !== configName || !isDeepStrictEqual(before.images, images);
  const parts = [configName, ...images, ...(told ? [] : [modifiedAtMs])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Describes every endpoint in turn, one at a time; the first look is what later ones are compared with. */
export function watchBuilds(ports: BuildPorts): Builds {
  const { clock } = ports;
  const known = new Map<string, EndpointBuild>();
  const failing = new Set<string>();
  /** The last event of each endpoint. */
  const heard = new Map<string, { readonly detail: string; readonly at: number }>();
  let stopped = false;
  let turn: Promise<void> = Promise.resolve();

  /** `event`: what was told of it, to be believed unless the endpoint says otherwise. */
  const look = async (name: EndpointName, event?: string): Promise<void> => {
    const key = keyOf(name);
    let build: EndpointBuild;
    try {
      build = await ports.describe(name);
    } catch (error) {
      if (!failing.has(key))
        ports.warn(`${key} cannot be described: ${error instanceof Error ? error.message : error}`);
      failing.add(key);
      if (event !== undefined && !stopped) ports.changed(name, unseen(event));
      return;
    }
    failing.delete(key);
    if (!build.inService || stopped) return; // its end will be told, or seen the next time
    const before = known.get(key);
    known.set(key, build);
    const difference = before === undefined ? event : differenceOf(before, build);
    if (difference === undefined) return;
    ports.changed(name, { detail: difference, build: buildName(before, build), deployedAtMs: build.modifiedAtMs });
  };
  const unseen = (detail: string): NewBuild => ({
    detail,
    build: `${detail} at ${clock.wallMs()}`,
    deployedAtMs: undefined,
  });
  const queue = (work: () => Promise<void>) => {
    turn = turn.then(work);
    ports.background(() => turn);
  };
  const lookAtAll = async () => {
    const names = ports.endpoints();
    const keys = new Set(names.map(keyOf));
    for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    for (const name of names) if (!stopped) await look(name);
  };
  let cancel: Cancel = () => {};
  const again = () => {
    const everyMs = ports.everyMs();
    if (everyMs !== undefined) queue(lookAtAll);
    cancel = clock.after(everyMs ?? idleMs, again);
  };
  again(); // before any event can come
  return {
    told: (endpoint, region, detail) => {
      const name = { region, endpoint };
      const last = heard.get(keyOf(name));
      const repeated = last?.detail === detail && clock.now() - last.at <= repeatedWithinMs;
      heard.set(keyOf(name), { detail, at: clock.now() });
      if (stopped || repeated) return;
      const described = ports.everyMs() !== undefined && ports.endpoints().some(each => keyOf(each) === keyOf(name));
      if (described) queue(() => look(name, detail));
      else ports.changed(name, unseen(detail));
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

function keyOf({ region, endpoint }: EndpointName): string {
  return `${region}/${endpoint}`;
}
