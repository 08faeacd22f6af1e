import { setImmediate } from 'node:timers/promises';
import type { Model } from '../../src/core/model.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Attempt } from '../../src/core/result.ts';
import { type Canaries, createCanaries } from '../../src/rollout/canary/canaries.ts';
import { type MirroredCounts, noMirrored } from '../../src/rollout/canary/counts.ts';
import type { VersionCalled } from '../../src/rollout/canary/observer.ts';
import type { CanaryPorts } from '../../src/rollout/canary/ports.ts';
import type { StateStore } from '../../src/state/state.ts';
import { canaryOptions, trialModel } from './canary-record.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { memoryReplicas } from './memory-state.ts';
import { requestOf, targetOf } from './routing-fixtures.ts';

/** Canaries of replicas that share records and tallies as over Redis, with time in the test's hands. */
export interface CanaryReplicas {
  readonly clock: ManualClock;
  /** Whose targets are ejected, as `v1@us-east-1`. */
  readonly ejected: Set<string>;
  /** As the config in force has it. */
  model: Model;
  /** What each replica has mirrored so far. */
  mirrored: MirroredCounts;
  /** Whether the shared place answers. */
  apart: boolean;
  add(): Canaries;
  /** Time passes, in quarters of a tick, and everything that it brings about is done. */
  pass(ms: number): Promise<void>;
}

export function canaryReplicas(options: Parameters<typeof canaryOptions>[0] = {}): CanaryReplicas {
  const [clock, stores] = [manualClock(), memoryReplicas()];
  const tallies = new Map<string, Map<string, string>>();
  let count = 0;
  const reach = () => {
    if (replicas.apart) throw new Error('Redis does not answer');
  };
  const stateOf = (store: StateStore): StateStore => ({
    ...store,
    replace: async (...change) => {
      reach();
      return store.replace(...change);
    },
  });
  const portsOf = (series: string): CanaryPorts => ({
    ...{ clock, random: seededRandom(1), series, emit: () => {}, warn: () => {} },
    state: stateOf(stores()),
    tallies: {
      publish: async (scope, text) => {
        reach();
        tallies.set(scope, (tallies.get(scope) ?? new Map<string, string>()).set(series, text));
      },
      collect: async scope => {
        reach();
        return new Map(tallies.get(scope));
      },
      forget: async scope => void tallies.delete(scope),
    },
    history: { append: async () => {}, read: async () => [] },
    model: name => (name === replicas.model.name ? replicas.model : undefined),
    models: () => [replicas.model],
    options: () => canaryOptions(options),
    together: () => !replicas.apart,
    mayServe: () => true,
    unusable: ({ version, region }) => (replicas.ejected.has(`${version}@${region}`) ? 'ejected' : undefined),
    region: () => 'serving',
    purge: async () => {},
    predictionsOf: () => [],
    shadow: () => ({ agreement: () => ({ ...replicas.mirrored }), stop: () => {} }),
    background: work => void work(),
  });
  const replicas: CanaryReplicas = {
    clock,
    ejected: new Set(),
    model: trialModel(),
    mirrored: noMirrored,
    apart: false,
    add: () => {
      count += 1;
      return createCanaries(portsOf(`replica-${count}`));
    },
    pass: async ms => {
      for (let left = ms; left > 0; left -= 62.5) {
        clock.advance(Math.min(62.5, left));
        for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      }
    },
  };
  return replicas;
}

/** A call that v2's side of a canary of it finished. */
export function canaryCalled(outcome: 'ok' | 'backend-fault' = 'ok'): VersionCalled {
  const target = targetOf({ version: 'v2', region: 'us-east-1' });
  const attempt: Attempt = { target, reason: 'first', result: { outcome, sent: true, durationMs: 50 } };
  return {
    ...{ type: 'version-called', model: target.model, version: 'v2', outcome: outcome === 'ok' ? 'ok' : 'failed' },
    ...{
      arm: { canary: 'v2', side: 'canary', share: 0.2 },
      request: requestOf() as VersionCalled['request'],
      attempts: [attempt],
      answer: undefined,
    },
  };
}
