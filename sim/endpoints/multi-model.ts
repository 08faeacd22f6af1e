import { validationError } from '../aws-error.ts';
import { sleep } from '../clock.ts';
import {
  checkOnlyVariant,
  type Endpoint,
  type Hosting,
  mib,
  notReady,
  onlyVariant,
  predict,
  realTimePayloadBytes,
  refuseFields,
} from './endpoint.ts';
import { createModelCache } from './model-cache.ts';
import { createWorkerPool } from './worker-pool.ts';

export interface MultiModelSpec {
  readonly kind: 'multi-model';
  readonly name: string;
  readonly container: string;
  /** Median time of a prediction. Default 6. */
  readonly modelMs?: number;
  /** Default 2. */
  readonly instances?: number;
  /** Calls one instance works on at once. Default 8. */
  readonly concurrency?: number;
  /** Default 64. */
  readonly queueLimit?: number;
  /** Memory for loaded models. One figure for the endpoint: which instance holds a model is not simulated. */
  readonly memoryBytes: number;
  /** Median time to fetch and load a model, beside its bytes at `bytesPerMs`. Default 400. */
  readonly loadMs?: number;
  /** Default 500 MiB/s. */
  readonly bytesPerMs?: number;
  /** A call waits this long for a load, then gets ModelNotReadyException while the load goes on. Default 60,000. */
  readonly loadWaitMs?: number;
}

/** One endpoint, many models: `TargetModel` says which; the first call of each loads it. */
export function createMultiModel(spec: MultiModelSpec, hosting: Hosting): Endpoint {
  const { clock } = hosting;
  const { instances = 2, concurrency = 8, queueLimit = 64, modelMs = 6, loadWaitMs = 60_000 } = spec;
  const { loadMs = 400, bytesPerMs = (500 * mib) / 1000 } = spec;
  const container = hosting.container(spec.container);
  const pool = createWorkerPool(instances * concurrency, queueLimit);
  const memory = createModelCache(spec.memoryBytes, clock);

  return {
    name: spec.name,
    maxPayloadBytes: realTimePayloadBytes,
    sessions: false,
    invoke: async invocation => {
      refuseFields(invocation, ['inferenceComponent', 'targetContainerHostname', 'sessionId']);
      checkOnlyVariant(invocation);
      const targetModel = checkTargetModel(invocation.fields.targetModel, spec.name);
      const bytes = container.loadBytes?.(targetModel);
      if (bytes === undefined) throw noSuchModel(spec.name, targetModel, invocation.account);
      const loading = notReady(
        `Model ${targetModel} of endpoint ${spec.name} is not ready for inference yet. Please try your request again.`,
      );
      if (!memory.has(targetModel) && !hosting.mayWarmUp()) throw loading;
      const held = memory.acquire(targetModel, bytes, () => hosting.workMs(loadMs + bytes / bytesPerMs));
      if (held === undefined) throw loading;
      try {
        await sleep(clock, Math.min(held.readyInMs, loadWaitMs));
        if (held.readyInMs > loadWaitMs) throw loading;
        const output = await pool.run(async () => {
          await sleep(clock, hosting.workMs(modelMs));
          return predict(container, invocation);
        });
        return { output, variant: onlyVariant };
      } finally {
        held.release();
      }
    },
    state: () => ({ ...pool.state(), ...memory.state() }),
  };
}

/** The header is a path below the model prefix: relative, without dot segments. */
function checkTargetModel(targetModel: string | undefined, endpoint: string): string {
  if (targetModel === undefined)
    throw validationError(`Endpoint ${endpoint} is a multi-model endpoint and requires the target model header.`);
  if (
    targetModel.startsWith('/') ||
    targetModel.split('/').some(part => part === '' || part === '.' || part === '..')
  ) {
    throw validationError(`Target model ${targetModel} is not a valid relative path.`);
  }
  return targetModel;
}

function noSuchModel(endpoint: string, targetModel: string, account: string) {
  return validationError(
    `Failed to download model data(bucket: sagemaker-${account}, key: ${endpoint}/${targetModel}). Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the model.`,
  );
}
