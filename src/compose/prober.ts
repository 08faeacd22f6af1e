import { createHash } from 'node:crypto';
import type { Backends } from '../backends/registry.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt, Memory } from '../core/result.ts';
import { kindTraits, type Target } from '../core/target.ts';
import type { Prober } from '../health/probes.ts';

/** How ejected targets are probed: the model's sample payload over the ordinary backend. */
export function createProber(ports: {
  config(): ResolvedConfig;
  backends: Backends;
  memory: Memory;
  clock: Clock;
  readonly emit: Emit;
  /** What setting the target up takes if it is found cold, ms; 0 when it surely is warm. */
  setupMs(target: Target): number;
  /** What an attempt cost: probes are metered like any other. */
  charge(
    attempt: Attempt,
    request: InferenceRequest,
  ): { marginalUsd: number | undefined; amortisedUsd: number | undefined };
}): Prober {
  const { config, backends, memory, clock } = ports;
  return {
    covers: target => sampleOf(config(), target) !== undefined,
    setupMs: ports.setupMs,
    send: async (target, signal, timeoutMs) => {
      const sample = sampleOf(config(), target);
      const model = config().models.get(target.model);
      if (sample === undefined || model === undefined) throw new Error(`no sample payload for ${target.model}`);
      const request: InferenceRequest = { ...sample, arrivedAt: clock.now(), signal };
      const limits = {
        timeoutMs,
        maxResponseBytes: model.maxResponseBytes,
        memory,
        idempotent: true,
        signal,
      };
      const result = await backends.backends[target.kind].invoke(target, request, limits);
      const attempt: Attempt = { target, result, reason: 'probe' };
      const { marginalUsd: costUsd, amortisedUsd } = ports.charge(attempt, request);
      ports.emit({ type: 'attempt-finished', attempt, request, costUsd, amortisedUsd });
      return result;
    },
  };
}

const samples = new WeakMap<Model, Omit<InferenceRequest, 'arrivedAt' | 'signal'>>();

/** The probe request of a target's model; undefined without a sample, or where a caller would have to name the target model. */
function sampleOf(config: ResolvedConfig, target: Target): Omit<InferenceRequest, 'arrivedAt' | 'signal'> | undefined {
  const model = config.models.get(target.model);
  if (model?.sample === undefined) return undefined;
  if (kindTraits[target.kind].queues) return undefined; // a probe would queue work
  if (!target.operations.includes('invoke')) return undefined; // a sample is bytes of the model's own format
  if (target.kind === 'sagemaker-multi-model' && target.targetModel === undefined) return undefined;
  let request = samples.get(model);
  if (request === undefined) {
    const { body, contentType } = model.sample;
    request = {
      id: 'probe',
      model: model.name,
      operation: 'invoke',
      body,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      fields: { contentType },
      hints: { fallback: 'none', cache: { noCache: true, noStore: true } },
      caller: { tenant: 'meridian' },
      clientAttempt: 1,
    };
    samples.set(model, request);
  }
  return request;
}
