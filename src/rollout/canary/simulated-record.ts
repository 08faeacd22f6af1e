import type { Version } from '../../core/model.ts';
import { noEvidence, noTotals } from './evidence.ts';
import type { CanaryRecord } from './record.ts';

/** A version that has a target in each region, as far as a plan asks. */
export function versionIn(names: readonly string[]): Version {
  const targets = names.map(region => ({ region }) as Version['targets'][number]);
  return { name: 'v2', weight: 0, targets };
}

/** Of a canary at its first step that has seen nothing. */
export function newRecord(plan: CanaryRecord['plan']): CanaryRecord {
  return {
    ...{
      format: 1,
      id: 'simulated',
      model: 'simulated',
      canary: 'v2',
      stable: 'v1',
      startedBy: 'simulation',
      startedAtMs: 0,
    },
    ...{
      plan,
      state: 'stepping',
      reason: '',
      wave: 0,
      step: 0,
      stepSinceMs: 0,
      stateSinceMs: 0,
      revision: 1,
      looks: 0,
    },
    ...{
      lookedAtMs: 0,
      stepCalls: noTotals,
      stepStable: noTotals,
      consumed: {},
      degraded: {},
      waived: [],
      evidence: noEvidence(),
    },
    ...{ weights: '', audit: [], previous: [], era: 0, builds: {} },
  };
}
