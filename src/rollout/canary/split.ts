import type { Model, Version } from '../../core/model.ts';
import type { Random } from '../../core/random.ts';
import type { Arm, Split } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import { callerGroup, drawOf, type SplitRequest, splitVersions } from '../split.ts';
import { weightsOf } from './plan.ts';
import { type CanaryRecord, inCharge, shareOf, shutOut } from './record.ts';
import { isRunning } from './states.ts';

/** What splitting needs of routing. */
export interface Reachable {
  /** Versions this request may ever use. */
  readonly versions: readonly Version[];
  mayServe(target: Target): boolean;
}

/**
 * The versions of one call while a canary runs, or after one was promoted. The canary is chosen where a hash of the
 * caller's key (or chance) falls below the share: so a caller stays with its version, and a greater share only adds
 * callers. A call that no target of the wave can serve, or that names its version, is outside: it goes to the stable
 * versions, and counts for nothing. A canary's call goes on to the stable versions when the canary's targets fail.
 */
export function splitCanary(
  record: CanaryRecord,
  model: Model,
  request: SplitRequest,
  { versions, mayServe }: Reachable,
  random: Random,
): Split {
  const stable = stableVersions(record, model, request, versions, random);
  // Only the canary is left with weight, as after an edit of the config while it runs: then that is what gets the calls.
  if (stable.length === 0) return { versions: splitVersions(versions, model, request, random) };
  const share = shareOf(record);
  const running = isRunning(record.state) && share > 0;
  const canary = running
    ? inWave(
        record,
        versions.find(({ name }) => name === record.canary),
      )
    : undefined;
  const named = request.hints.version !== undefined;
  if (named || canary === undefined || !canary.targets.some(mayServe)) return { versions: stable };
  const drawn = drawOf(model, request, `canary ${record.canary}`, random) < share;
  const group = callerGroup(model, request);
  const side = drawn ? 'canary' : 'stable';
  const arm: Arm = { canary: record.canary, side, share, ...(group !== undefined && { group }) };
  return { versions: drawn ? [canary, ...stable] : stable, arm };
}

/** The version that is in charge, then those the config gives weight; of them alone where none was promoted. */
function stableVersions(
  record: CanaryRecord,
  model: Model,
  request: SplitRequest,
  versions: readonly Version[],
  random: Random,
): readonly Version[] {
  const weights = weightsOf(model);
  const charge = inCharge(record, weights);
  const first = versions.find(({ name }) => name === charge);
  const apart = isRunning(record.state) ? record.canary : shutOut(record, weights);
  const rest = versions.filter(({ name }) => name !== charge && name !== apart);
  const split = splitVersions(rest, model, request, random);
  return first === undefined ? split : [first, ...split];
}

const narrowed = new WeakMap<Version, Map<string, Version>>();

/** The version with its targets in the regions of the wave; itself where that is all of them. */
export function inWave(
  { plan, wave }: Pick<CanaryRecord, 'plan' | 'wave'>,
  version: Version | undefined,
): Version | undefined {
  const regions = plan.waves[wave];
  if (version === undefined || regions === undefined) return version;
  if (wave === plan.waves.length - 1) return version;
  const key = regions.join(',');
  let known = narrowed.get(version);
  if (known === undefined) {
    known = new Map();
    narrowed.set(version, known);
  }
  const narrow = known.get(key) ?? {
    ...version,
    targets: version.targets.filter(({ region }) => regions.includes(region)),
  };
  known.set(key, narrow);
  return narrow;
}
