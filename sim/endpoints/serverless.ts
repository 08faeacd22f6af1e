import { sleep } from '../clock.ts';
import {
  checkOnlyVariant,
  type Endpoint,
  type Hosting,
  notReady,
  onlyVariant,
  predict,
  refuseFields,
  serverlessPayloadBytes,
} from './endpoint.ts';
import { createWarmPool } from './warm-pool.ts';

export interface ServerlessSpec {
  readonly kind: 'serverless';
  readonly name: string;
  readonly container: string;
  /** Median time of a prediction. Default 6. */
  readonly modelMs?: number;
  /** Workers at most; past it calls are throttled. 1 to 200. */
  readonly maxConcurrency: number;
  /** Workers that are always warm. Default 0. */
  readonly provisionedConcurrency?: number;
  /** Median set-up time of a worker. Default 2,500. */
  readonly setupMs?: number;
  /** A call waits this long for its worker's set-up, then gets ModelNotReadyException. Default 60,000. */
  readonly setupWaitMs?: number;
  /** An idle worker is kept this long. Default 300,000 (AWS does not document it). */
  readonly idleMs?: number;
}

/** One call per worker. A cold start happens when no worker is idle: after a pause, and whenever concurrency grows. */
export function createServerless(spec: ServerlessSpec, hosting: Hosting): Endpoint {
  const { modelMs = 6, setupMs = 2_500, setupWaitMs = 60_000, idleMs = 300_000 } = spec;
  const container = hosting.container(spec.container);
  const pool = createWarmPool({
    clock: hosting.clock,
    maxWorkers: spec.maxConcurrency,
    provisioned: spec.provisionedConcurrency ?? 0,
    idleMs,
    setupWaitMs,
    setupMs: () => hosting.workMs(setupMs),
    mayWarmUp: hosting.mayWarmUp,
    notReady: () =>
      notReady(
        `The model of endpoint ${spec.name} is not ready for inference: its resources are still being provisioned.`,
      ),
  });
  return {
    name: spec.name,
    maxPayloadBytes: serverlessPayloadBytes,
    sessions: false,
    invoke: async invocation => {
      refuseFields(invocation, ['targetModel', 'inferenceComponent', 'targetContainerHostname', 'sessionId']);
      checkOnlyVariant(invocation);
      return pool.run(async () => {
        await sleep(hosting.clock, hosting.workMs(modelMs));
        return { output: predict(container, invocation), variant: onlyVariant };
      });
    },
    state: pool.state,
  };
}
