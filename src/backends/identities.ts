import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { assumedRole, defaultChain, type SourcePorts } from './credential-sources.ts';
import { type Credentials, type Refresher, refresher, staticKeys } from './credentials.ts';
import type { CredentialsOptions } from './options.ts';

/** Credentials as one region uses them. */
export interface Identity {
  readonly credentials: CredentialsOptions;
  readonly region: string;
}

/** Every identity's refresher. An identity's name tells all of it: another one is another name. */
export interface Identities {
  /** Starts what is new beside what is there, and waits for its first try: before `use`, so that nothing signs without keys. */
  prepare(identities: ReadonlyMap<string, Identity>): Promise<void>;
  current(name: string): Credentials | undefined;
  suspect(name: string): void;
  /** Makes the set what is given: those that stay keep their keys, those that go stop. */
  use(identities: ReadonlyMap<string, Identity>): void;
  /** Resolves when every identity has been tried once. */
  ready(): Promise<void>;
  stop(): void;
}

/** Starts with no identity; see `use`. */
export function createIdentities(deps: { clock: Clock; random: Random; emit: Emit }, ports: SourcePorts): Identities {
  const known = new Map<string, Refresher>();

  function start(name: string, { credentials, region }: Identity): Refresher {
    if (credentials === 'default') return refresher(deps, name, defaultChain(ports, region));
    if ('roleArn' in credentials) return refresher(deps, name, assumedRole(ports, region, credentials));
    return staticKeys(credentials);
  }

  return {
    current: name => known.get(name)?.current(),
    suspect: name => known.get(name)?.suspect(),
    use(identities) {
      for (const [name, keys] of known) {
        if (identities.has(name)) continue;
        keys.stop();
        known.delete(name);
      }
      for (const [name, identity] of identities) if (!known.has(name)) known.set(name, start(name, identity));
    },
    prepare: async identities => {
      const fresh = [...identities].filter(([name]) => !known.has(name));
      for (const [name, identity] of fresh) known.set(name, start(name, identity));
      await Promise.all(fresh.map(([name]) => known.get(name)?.ready()));
    },
    ready: async () => {
      await Promise.all([...known.values()].map(keys => keys.ready()));
    },
    stop() {
      for (const keys of known.values()) keys.stop();
      known.clear();
    },
  };
}
