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
  throttled,
} from './endpoint.ts';

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

interface Worker {
  readonly provisioned: boolean;
  busy: boolean;
  idleSince: number;
}

/** One call per worker. A cold start happens when no worker is idle: after a pause, and whenever concurrency grows. */
export function createServerless(spec: ServerlessSpec, hosting: Hosting): Endpoint {
  const { clock } = hosting;
  const {
    maxConcurrency,
    provisionedConcurrency = 0,
    modelMs = 6,
    setupMs = 2_500,
    setupWaitMs = 60_000,
    idleMs = 300_000,
  } = spec;
  const container = hosting.container(spec.container);
  const newWorker = (provisioned: boolean): Worker => ({ provisioned, busy: !provisioned, idleSince: clock.now() });
  const workers = new Set(Array.from({ length: provisionedConcurrency }, () => newWorker(true)));
  let coldStarts = 0;

  const expire = () => {
    for (const worker of workers) {
      if (!worker.busy && !worker.provisioned && clock.now() - worker.idleSince >= idleMs) workers.delete(worker);
    }
  };
  const rest = (worker: Worker) => {
    worker.busy = false;
    worker.idleSince = clock.now();
  };
  const startWorker = async (): Promise<Worker> => {
    if (workers.size >= maxConcurrency) throw throttled();
    const refusal = notReady(
      `The model of endpoint ${spec.name} is not ready for inference: its resources are still being provisioned.`,
    );
    if (!hosting.mayWarmUp()) throw refusal;
    const worker = newWorker(false);
    workers.add(worker);
    coldStarts++;
    const setupTakesMs = hosting.workMs(setupMs);
    await sleep(clock, Math.min(setupTakesMs, setupWaitMs));
    if (setupTakesMs <= setupWaitMs) return worker;
    clock.after(setupTakesMs - setupWaitMs, () => rest(worker));
    throw refusal;
  };

  return {
    name: spec.name,
    maxPayloadBytes: serverlessPayloadBytes,
    sessions: false,
    invoke: async invocation => {
      refuseFields(invocation, ['targetModel', 'inferenceComponent', 'targetContainerHostname', 'sessionId']);
      checkOnlyVariant(invocation);
      expire();
      const idle = [...workers].filter(worker => !worker.busy).sort((a, b) => b.idleSince - a.idleSince)[0];
      if (idle !== undefined) idle.busy = true;
      const worker = idle ?? (await startWorker());
      try {
        await sleep(clock, hosting.workMs(modelMs));
        return { output: predict(container, invocation), variant: onlyVariant };
      } finally {
        rest(worker);
      }
    },
    state: () => {
      expire();
      return { workers: workers.size, busy: [...workers].filter(worker => worker.busy).length, coldStarts };
    },
  };
}
