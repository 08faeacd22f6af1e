import { setImmediate } from 'node:timers/promises';
import { replicasApart } from '../../src/core/errors.ts';
import type { Model } from '../../src/core/model.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { Attempt } from '../../src/core/result.ts';
import { type Canaries, createCanaries } from '../../src/rollout/canary/canaries.ts';
import { type MirroredCounts, noMirrored } from '../../src/rollout/canary/counts.ts';
import type { History } from '../../src/rollout/canary/history.ts';
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
  /** Versions whose cached answers were dropped. */
  readonly purged: string[];
  /** What was told people. */
  readonly warned: string[];
  /** Whether the shared place answers. */
  apart: boolean;
  /** @param aheadMs how far its wall clock is ahead of the others' */
  add(aheadMs?: number): Canaries;
  /** Time passes, in quarters of a tick, and everything that it brings about is done. */
  pass(ms: number): Promise<void>;
}

const noHistory: History = { append: async () => {}, read: async () => [] };
/** Disks take their time; what waits for the clock waits for longer than this. */
const mostTurns = 5_000;

/** @param keeps where records are kept, and what is told of each canary; in memory by default */
export function canaryReplicas(
  options: Parameters<typeof canaryOptions>[0] = {},
  keeps: { readonly store?: () => StateStore; readonly history?: () => History } = {},
): CanaryReplicas {
  const clock = manualClock();
  const { store: stores = memoryReplicas(), history = () => noHistory } = keeps;
  const tallies = new Map<string, Map<string, string>>();
  const underWay = new Set<Promise<unknown>>();
  let count = 0;
  const reach = () => {
    if (replicas.apart) throw replicasApart();
  };
  const stateOf = (store: StateStore): StateStore => ({
    ...store,
    replace: async (...change) => {
      reach();
      return store.replace(...change);
    },
  });
  const portsOf = (series: string): CanaryPorts => ({
    ...{ clock, random: seededRandom(1), series, emit: () => {}, warn: message => void replicas.warned.push(message) },
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
    history: history(),
    model: name => (name === replicas.model.name ? replicas.model : undefined),
    models: () => [replicas.model],
    options: () => canaryOptions(options),
    together: () => !replicas.apart,
    mayServe: () => true,
    unusable: ({ version, region }) => (replicas.ejected.has(`${version}@${region}`) ? 'ejected' : undefined),
    region: () => 'serving',
    purge: async (_, version) => void replicas.purged.push(version),
    predictionsOf: () => [],
    shadow: () => ({ agreement: () => ({ ...replicas.mirrored }), stop: () => {} }),
    background: work => {
      const done: Promise<unknown> = work()
        .catch(() => undefined)
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
  });
  const replicas: CanaryReplicas = {
    clock,
    purged: [],
    warned: [],
    ejected: new Set(),
    model: trialModel(),
    mirrored: noMirrored,
    apart: false,
    add: (aheadMs = 0) => {
      count += 1;
      const wallMs = () => clock.wallMs() + aheadMs;
      return createCanaries({ ...portsOf(`replica-${count}`), clock: { ...clock, wallMs } });
    },
    pass: async ms => {
      for (let left = ms; left > 0; left -= 62.5) {
        clock.advance(Math.min(62.5, left));
        for (let turn = 0; turn < 5 || (underWay.size > 0 && turn < mostTurns); turn += 1) await setImmediate();
        underWay.clear(); // whoever did not come to an end is dead
      }
    },
  };
  return replicas;
}

/** A call that one side of a canary of v2 finished. */
export function canaryCalled(
  outcome: 'ok' | 'backend-fault' | 'caller-fault' = 'ok',
  side: 'canary' | 'stable' = 'canary',
  region = 'us-east-1',
): VersionCalled {
  const target = targetOf({ version: side === 'canary' ? 'v2' : 'v1', region });
  const attempt: Attempt = { target, reason: 'first', result: { outcome, sent: true, durationMs: 50 } };
  return {
    ...{
      type: 'version-called',
      model: target.model,
      version: target.version,
      outcome: outcome === 'backend-fault' ? 'failed' : outcome,
    },
    ...{
      arm: { canary: 'v2', side, share: 0.2 },
      request: requestOf() as VersionCalled['request'],
      attempts: [attempt],
      answer: undefined,
    },
  };
}

/** A call's request as one of a caller who comes again. */
export function ofSession({ request }: VersionCalled, session: string, id: string): InferenceRequest {
  return { ...request, id, hints: { ...request.hints, session } } as InferenceRequest;
}
