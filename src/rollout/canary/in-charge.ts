import type { Model } from '../../core/model.ts';
import { stableVersion, weightsOf } from './plan.ts';
import { type CanaryRecord, inCharge } from './record.ts';

/** The version that a canary ended with and that is in charge now; undefined where the config has it no more. */
export function promotedOf(model: Model, record: CanaryRecord | undefined): string | undefined {
  const version = record && inCharge(record, weightsOf(model));
  return model.versions.some(({ name }) => name === version) ? version : undefined;
}

/** The version in charge: promoted, or the one with the most weight; undefined where none has any. */
export function chargeOf(model: Model, record: CanaryRecord | undefined): string | undefined {
  return promotedOf(model, record) ?? stableVersion(model, '');
}
