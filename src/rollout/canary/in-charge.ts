import type { Model } from '../../core/model.ts';
import { stableVersion, weightsOf } from './plan.ts';
import { type CanaryRecord, inCharge, shutOut } from './record.ts';

/** The version that a canary ended with and that is in charge now; undefined where the config has it no more. */
export function promotedOf(model: Model, record: CanaryRecord | undefined): string | undefined {
  const version = record && inCharge(record, weightsOf(model));
  return model.versions.some(({ name }) => name === version) ? version : undefined;
}

/** The version in charge: promoted, or the one with the most weight; undefined where none has any. */
export function chargeOf(model: Model, record: CanaryRecord | undefined): string | undefined {
  return promotedOf(model, record) ?? stableVersion(model, outOf(model, record) ?? '');
}

/** The version that gets no calls although it has weight, see `shutOut`; none where no other has weight. */
export function outOf(model: Model, record: CanaryRecord | undefined): string | undefined {
  const out = record && shutOut(record, weightsOf(model));
  const weighted = model.versions.some(({ name, weight }) => name === out && weight > 0);
  return out !== undefined && weighted && stableVersion(model, out) !== undefined ? out : undefined;
}
