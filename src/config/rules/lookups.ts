import type { TargetOptions } from '../../backends/options.ts';
import type { Inspection } from '../inspection.ts';
import { geographyOf } from '../regions.ts';
import { geographyOfProfile } from '../target-abilities.ts';

/** Residency class of a region of the config, undefined for an unknown region. */
export function residencyOf({ config }: Inspection, region: string): string | undefined {
  if (!Object.hasOwn(config.regions, region)) return undefined;
  return config.regions[region]?.residency ?? geographyOf(region);
}

/** Where a target may run: what it says, its inference profile's geography, or its region's class. */
export function residencyOfTarget(inspection: Inspection, target: TargetOptions): string | undefined {
  return target.residency ?? geographyOfProfile(target) ?? residencyOf(inspection, target.region);
}

/** Whether the residency of every region is known: nothing is said of classes while one of them is a stand-in. */
export function residenciesAreSound(inspection: Inspection): boolean {
  if (inspection.standIn(['regions'])) return false;
  const regions = Object.keys(inspection.config.regions);
  return regions.every(region => inspection.sound(['regions', region, 'residency']));
}

/** Every residency class some region or target has. */
export function residencyClasses(inspection: Inspection): ReadonlySet<string> {
  const regions = Object.keys(inspection.config.regions).map(region => residencyOf(inspection, region));
  const targets = inspection.targets().map(({ target }) => residencyOfTarget(inspection, target));
  const classes = [...regions, ...targets];
  return new Set(classes.filter(name => name !== undefined));
}

/** Model by alias. */
export function aliasesOf(inspection: Inspection): ReadonlyMap<string, string> {
  return new Map(inspection.models().flatMap(([name, { aliases }]) => aliases.map(alias => [alias, name] as const)));
}
