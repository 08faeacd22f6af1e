import type { Model } from '../core/model.ts';
import type { Target } from '../core/target.ts';

/** AWS bills data by the GB and serverless memory by the GB, both binary. */
const bytesPerGb = 2 ** 30;
const mbPerGb = 1_024;
/** Weight of the newest call in the expected sizes. */
const sizeWeight = 0.1;

/**
 * What one more call costs, USD, by where it goes. *Marginal*: an instance that runs anyway costs only the bytes moved
 * (when it is full it is no candidate at all); serverless costs its memory for as long as it serves, and the bytes.
 * Undefined when the price is unknown: that is never taken for zero.
 */
export function marginalUsd(
  target: Target,
  call: { readonly requestBytes: number; readonly answerBytes: number; readonly servingMs: number },
): number | undefined {
  const { price } = target;
  if (price.basis === 'unknown') return undefined;
  const movedGb = (call.requestBytes + call.answerBytes) / bytesPerGb;
  const leavingGb = call.answerBytes / bytesPerGb;
  const dataUsd = movedGb * price.dataUsdPerGb + leavingGb * target.egressUsdPerGb;
  if (price.basis === 'instance') return dataUsd;
  return dataUsd + (price.memoryMb / mbPerGb) * (call.servingMs / 1_000) * price.usdPerGbSecond;
}

/** Mean bytes of a call, both ways. */
export interface CallSize {
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/**
 * How large the calls of a version are: measured over all its targets together, because they answer alike, and
 * differences of noise must not decide where a call goes.
 */
export interface CallSizes {
  observe(target: Target, requestBytes: number, answerBytes: number): void;
  /** Zero until a call was answered. */
  expected(model: Model, version: string): CallSize;
}

const unseen: CallSize = { requestBytes: 0, answerBytes: 0 };

/** Learns what a call's bytes usually are, by model. */
export function createCallSizes(): CallSizes {
  const models = new Map<string, Map<string, { requestBytes: number; answerBytes: number }>>();
  return {
    observe: (target, requestBytes, answerBytes) => {
      let versions = models.get(target.model);
      if (versions === undefined) {
        versions = new Map();
        models.set(target.model, versions);
      }
      const known = versions.get(target.version);
      if (known === undefined) {
        versions.set(target.version, { requestBytes, answerBytes });
        return;
      }
      known.requestBytes += sizeWeight * (requestBytes - known.requestBytes);
      known.answerBytes += sizeWeight * (answerBytes - known.answerBytes);
    },
    expected: (model, version) => models.get(model.name)?.get(version) ?? unseen,
  };
}
