import type { Model } from '../core/model.ts';
import type { Usage } from '../core/result.ts';
import type { Target, TokenPrices } from '../core/target.ts';

/** AWS bills data by the GB and serverless memory by the GB, both binary. */
const bytesPerGb = 2 ** 30;
const mbPerGb = 1_024;
/** Weight of the newest call in the expected sizes. */
const sizeWeight = 0.1;

/**
 * What one more call costs, USD, by where it goes. *Marginal*: an instance that runs anyway costs only the bytes moved
 * (when it is full it is no candidate at all); serverless costs its memory for as long as it serves, and the bytes; models
 * priced by tokens cost those their answer counts, and an answer that counts none adds nothing.
 * Undefined when the price is unknown: that is never taken for zero.
 */
export function marginalUsd(
  target: Target,
  call: {
    readonly requestBytes: number;
    readonly answerBytes: number;
    readonly servingMs: number;
    readonly usage?: Usage;
  },
): number | undefined {
  const { price } = target;
  if (price.basis === 'unknown') return undefined;
  if (price.basis === 'tokens')
    return tokensUsd(price, call.usage) + (call.answerBytes / bytesPerGb) * target.egressUsdPerGb;
  const movedGb = (call.requestBytes + call.answerBytes) / bytesPerGb;
  const leavingGb = call.answerBytes / bytesPerGb;
  const dataUsd = movedGb * price.dataUsdPerGb + leavingGb * target.egressUsdPerGb;
  if (price.basis === 'instance') return dataUsd;
  return dataUsd + (price.memoryMb / mbPerGb) * (call.servingMs / 1_000) * price.usdPerGbSecond;
}

function tokensUsd(price: TokenPrices, usage: Usage = noUsage): number {
  const usd =
    usage.inputTokens * price.inputUsdPerMillion +
    usage.outputTokens * price.outputUsdPerMillion +
    usage.cacheReadTokens * price.cacheReadUsdPerMillion +
    usage.cacheWriteTokens * price.cacheWriteUsdPerMillion;
  return usd / 1e6;
}

/** Mean bytes of a call, both ways, and mean tokens where answers count them. */
export interface CallSize {
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly usage: Usage;
}

/**
 * How large the calls of a version are: measured over all its targets together, because they answer alike, and
 * differences of noise must not decide where a call goes.
 */
export interface CallSizes {
  observe(target: Target, requestBytes: number, answerBytes: number, usage?: Usage): void;
  /** Zero until a call was answered. */
  expected(model: Model, version: string): CallSize;
}

const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
const unseen: CallSize = { requestBytes: 0, answerBytes: 0, usage: noUsage };

/** Learns what a call's bytes usually are, by model. */
export function createCallSizes(): CallSizes {
  const models = new Map<string, Map<string, CallSize>>();
  return {
    observe: (target, requestBytes, answerBytes, usage) => {
      let versions = models.get(target.model);
      if (versions === undefined) {
        versions = new Map();
        models.set(target.model, versions);
      }
      const known = versions.get(target.version);
      versions.set(target.version, {
        requestBytes: moved(known?.requestBytes, requestBytes),
        answerBytes: moved(known?.answerBytes, answerBytes),
        usage: usage === undefined ? (known?.usage ?? noUsage) : movedUsage(known?.usage, usage),
      });
    },
    expected: (model, version) => models.get(model.name)?.get(version) ?? unseen,
  };
}

/** A mean that follows what is seen; the first sight is taken whole. */
function moved(mean: number | undefined, seen: number): number {
  return mean === undefined ? seen : mean + sizeWeight * (seen - mean);
}

function movedUsage(mean: Usage | undefined, seen: Usage): Usage {
  return {
    inputTokens: moved(mean?.inputTokens, seen.inputTokens),
    outputTokens: moved(mean?.outputTokens, seen.outputTokens),
    cacheReadTokens: moved(mean?.cacheReadTokens, seen.cacheReadTokens),
    cacheWriteTokens: moved(mean?.cacheWriteTokens, seen.cacheWriteTokens),
  };
}
