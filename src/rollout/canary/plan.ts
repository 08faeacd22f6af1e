import type { Model, Version } from '../../core/model.ts';
import type { CanaryOptions } from '../options.ts';

/** One step of a plan. */
export interface Step {
  /** Of calls, 0 to 1. */
  readonly share: number;
  /** Calls of the canary before the next step. */
  readonly minSample: number;
  readonly bakeMs: number;
}

/** What a canary follows from its start to its end; plain JSON, part of its record. */
export interface Plan extends Pick<CanaryOptions, 'approval' | 'holdAfterMs' | 'cooldownMs' | 'lookEveryMs'> {
  readonly steps: readonly Step[];
  /** Regions of each wave, those of earlier waves included; the last has all of the canary's. */
  readonly waves: readonly (readonly string[])[];
  readonly warmUpCalls: number;
  /** Undefined in plans of before there was one: calls alone. */
  readonly warmUpMs?: number;
  readonly guards: CanaryOptions['guards'];
  readonly shadowFirst?: NonNullable<CanaryOptions['shadowFirst']>;
}

/** What a start may say otherwise than the model's config. */
export type PlanChanges = Partial<Omit<CanaryOptions, 'version' | 'guards' | 'shadowFirst'>> & {
  readonly shadowFirst?: CanaryOptions['shadowFirst'] | false;
};

/** A plan that cannot be followed; the message says why. */
export class PlanError extends Error {}

/** The plan of one start: the model's options, changed by the start's own. @throws PlanError */
export function planOf(options: CanaryOptions, canary: Version, changes: PlanChanges = {}): Plan {
  if (options.approval === 'second-person' && changes.approval === 'none')
    throw new PlanError('The config asks for a second person: a start cannot do without.');
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const { steps, minSample, bakeMs, waves, shadowFirst, ...rest } = { ...options, ...given } as CanaryOptions;
  const resolved = steps.map(step =>
    typeof step === 'number'
      ? { share: step / 100, minSample, bakeMs }
      : { share: step.share / 100, minSample: step.minSample ?? minSample, bakeMs: step.bakeMs ?? bakeMs },
  );
  const misplaced = resolved.findIndex((step, index) => step.share <= (resolved[index - 1]?.share ?? 0));
  if (misplaced !== -1) throw new PlanError('The steps of a canary ascend: 1, 5, 25, 50, 100.');
  const { approval, holdAfterMs, cooldownMs, lookEveryMs, warmUpCalls, warmUpMs, guards } = rest;
  return {
    ...{ approval, holdAfterMs, cooldownMs, lookEveryMs, warmUpCalls, warmUpMs, guards },
    steps: resolved,
    waves: wavesOf(waves, canary),
    ...(shadowFirst !== undefined && (shadowFirst as unknown) !== false && { shadowFirst }),
  };
}

/** Each wave with the ones before it; regions that none names come last, as `rest`. */
function wavesOf(waves: CanaryOptions['waves'], canary: Version): readonly (readonly string[])[] {
  const all = [...new Set(canary.targets.map(({ region }) => region))];
  const named = new Set(waves.flatMap(wave => (wave === 'rest' ? [] : wave)));
  const stranger = [...named].find(region => !all.includes(region));
  if (stranger !== undefined)
    throw new PlanError(`${canary.name} has no target in ${stranger}: it has some in ${all.join(', ')}.`);
  const sets: string[][] = [];
  for (const wave of waves) {
    const own = wave === 'rest' ? all.filter(region => !named.has(region)) : wave;
    const together = [...new Set([...(sets.at(-1) ?? []), ...own])];
    if (together.length > (sets.at(-1)?.length ?? 0)) sets.push(together);
  }
  if ((sets.at(-1)?.length ?? 0) < all.length) sets.push(all);
  return sets;
}

const weights = new WeakMap<Model, string>();

/** Weights of the versions the config gives calls to: when they change, the config is newer than a promotion. */
export function weightsOf(model: Model): string {
  const known = weights.get(model);
  if (known !== undefined) return known;
  const given = model.versions.flatMap(({ name, weight }) => (weight > 0 ? [`${name}=${weight}`] : []));
  const text = given.sort().join(',');
  weights.set(model, text);
  return text;
}

/** The version in charge beside the canary: the one with the most weight, the first of equals. */
export function stableVersion(model: Model, canary: string): string | undefined {
  let stable: Version | undefined;
  for (const version of model.versions)
    if (version.name !== canary && version.weight > (stable?.weight ?? 0)) stable = version;
  return stable?.name;
}
