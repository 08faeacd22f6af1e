import type { Inspection } from '../inspection.ts';
import { geographyOf } from '../regions.ts';

/** Residency class of a region of the config, undefined for an unknown region. */
export function residencyOf({ config }: Inspection, region: string): string | undefined {
  if (!Object.hasOwn(config.regions, region)) return undefined;
  return config.regions[region]?.residency ?? geographyOf(region);
}

/** Every residency class some region has. */
export function residencyClasses(inspection: Inspection): ReadonlySet<string> {
  const classes = Object.keys(inspection.config.regions).map(region => residencyOf(inspection, region));
  return new Set(classes.filter(name => name !== undefined));
}

/** Model by alias. */
export function aliasesOf(inspection: Inspection): ReadonlyMap<string, string> {
  return new Map(inspection.models().flatMap(([name, { aliases }]) => aliases.map(alias => [alias, name] as const)));
}
