import type { Model, Version } from '../../src/core/model.ts';
import { type Random, seededRandom } from '../../src/core/random.ts';
import { kindTraits, type Target } from '../../src/core/target.ts';
import type { TargetDescriptions } from '../../src/routing/explain.ts';
import type { Candidate, Estimate, RoutedRequest } from '../../src/routing/router.ts';
import { createRouting, type Routing } from '../../src/routing/routing.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** A real-time target in eu-west-1 with a known price, named after its region unless told otherwise. */
export function targetOf(some: Partial<Target> = {}): Target {
  const region = some.region ?? 'eu-west-1';
  const version = some.version ?? 'v1';
  const kind = some.kind ?? 'sagemaker-realtime';
  const name = some.name ?? `${version}@${region}/${kind.replace('sagemaker-', '')}`;
  return {
    id: `rain/${name}`,
    name,
    model: 'rain',
    version,
    kind,
    region,
    residency: region.slice(0, 2),
    endpoint: `rain-${version}`,
    maxConcurrency: 64,
    operations: kindTraits[kind].operations,
    maxRequestBytes: kind === 'sagemaker-serverless' ? 4_194_304 : 26_214_400,
    weight: 1,
    price: { basis: 'instance', usdPerHour: 0.115, count: 1, dataUsdPerGb: 0.016 },
    egressUsdPerGb: 0,
    identity: 'default',
    quotaGroup: name,
    ...some,
  };
}

export function serverlessTarget(some: Partial<Target> = {}): Target {
  const price = { basis: 'serverless', usdPerGbSecond: 0.00002, memoryMb: 2048, dataUsdPerGb: 0.016 } as const;
  return targetOf({ kind: 'sagemaker-serverless', price, ...some });
}

export function versionOf(targets: readonly Target[], some: Partial<Version> = {}): Version {
  return { name: targets[0]?.version ?? 'v1', weight: 100, targets, ...some };
}

/** Objective 150 ms, deadline 10 s, warm share off. */
export function modelOf(versions: readonly Version[], some: Partial<Model> = {}): Model {
  return {
    name: 'rain',
    aliases: [],
    owner: undefined,
    publicFallback: false,
    idempotent: true,
    priority: 'normal',
    slo: { latencyMs: 150, availability: 0.999 },
    deadlineMs: 10_000,
    exhaustedStatus: 503,
    maxRequestBytes: 25_000_000,
    maxResponseBytes: 25_000_000,
    policy: 'lowest-latency',
    costWeight: 0.3,
    residency: undefined,
    warmShare: 0,
    warmServerless: false,
    splitByTenant: false,
    hedging: false,
    stream: {
      connectMs: 1_000,
      firstByteMs: 10_000,
      firstContentMs: 10_000,
      idleMs: 30_000,
      totalMs: 600_000,
      rescue: 'none',
      window: { bytes: 16_384, ms: 1_000 },
    },
    cache: undefined,
    fallback: [],
    callerMayName: { variant: false, component: false },
    tensors: undefined,
    newVersions: undefined,
    sample: undefined,
    queueMs: 50,
    shadow: {
      share: 0.1,
      maxConcurrency: 4,
      queue: 100,
      timeoutMs: 10_000,
      compare: { absolute: 0.000001, relative: 0.001, maxBytes: 1_048_576 },
    },
    versions,
    ...some,
  };
}

export interface Asking {
  readonly hints?: Partial<RoutedRequest['hints']>;
  readonly fields?: RoutedRequest['fields'];
  readonly caller?: Partial<RoutedRequest['caller']>;
  readonly bodyBytes?: number;
  readonly streaming?: boolean;
  readonly operation?: RoutedRequest['operation'];
}

export function requestOf({
  hints,
  fields,
  caller,
  bodyBytes,
  streaming = false,
  operation = 'invoke',
}: Asking = {}): RoutedRequest {
  return {
    operation,
    hints: { fallback: 'any', cache: { noCache: false, noStore: false }, ...hints },
    fields: fields ?? {},
    caller: { tenant: 'acme', ...caller },
    body: { length: bodyBytes ?? 1_000 },
    streaming,
  };
}

export function candidateOf(
  target: Target,
  some: Omit<Partial<Candidate>, 'estimate'> & { estimate?: Partial<Estimate> } = {},
): Candidate {
  const { estimate, ...rest } = some;
  const measured: Estimate = {
    latencyMs: 50,
    p95Ms: 80,
    p99Ms: 100,
    samples: 100,
    failureShare: 0,
    warmth: 1,
    setupMs: 0,
    ...estimate,
  };
  return { target, inFlight: 0, share: 1, costUsd: 1e-8, trial: false, ...rest, estimate: measured };
}

type Availability = ReturnType<TargetDescriptions['available']>;

/** Health as a test wants it: every target usable, idle and unrestrained until told otherwise, by target id. */
export class FakeStates implements TargetDescriptions {
  readonly availability = new Map<string, Availability>();
  readonly shares = new Map<string, number>();
  readonly flying = new Map<string, number>();

  available(target: Target): Availability {
    return this.availability.get(target.id) ?? { usable: true, trial: false };
  }
  share(target: Target): number {
    return this.shares.get(target.id) ?? 1;
  }
  inFlight(target: Target): number {
    return this.flying.get(target.id) ?? 0;
  }
  describe(target: Target) {
    const usable = this.available(target).usable;
    return {
      breaker: usable ? ('closed' as const) : ('open' as const),
      ejectedForMs: usable ? 0 : 12_000,
      slots: target.maxConcurrency,
      detail: usable ? undefined : '5 failures in a row',
    };
  }
}

export interface RoutingBench {
  readonly clock: ManualClock;
  readonly states: FakeStates;
  readonly random: Random;
  readonly routing: Routing;
  /** Models that estimates look up by name; `add` before measuring. */
  add(model: Model): Model;
  /** Feeds this many answers, one every `everyMs`. */
  answer(target: Target, durationMs: number, times?: number, everyMs?: number): void;
}

export function routingBench(seed = 1): RoutingBench {
  const clock = manualClock();
  const states = new FakeStates();
  const random = seededRandom(seed);
  const models = new Map<string, Model>();
  const routing = createRouting({ clock, random, states, model: name => models.get(name), replicas: () => 1 });
  return {
    clock,
    states,
    random,
    routing,
    add: model => {
      models.set(model.name, model);
      return model;
    },
    answer: (target, durationMs, times = 1, everyMs = 0) => {
      for (let call = 0; call < times; call += 1) {
        clock.advance(everyMs);
        routing.measure(target, 'ok', durationMs, requestOf());
      }
    },
  };
}
