import type { TransformOptions } from '../../jobs/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';
import { instanceUsdPerHour } from '../transforms.ts';

/** Batches run in regions of the config where jobs have a bucket, for their records and outputs are there. */
export const transformRegionsHaveBuckets: Rule = inspection => {
  const { jobs, regions } = inspection.config;
  if (inspection.standIn(['regions'])) return;
  const known = Object.keys(regions);
  for (const { path, transform } of transformsOf(inspection)) {
    const at = [...path, 'region'];
    if (!inspection.sound(at)) continue;
    if (!known.includes(transform.region)) {
      const mend = `known: ${known.join(', ')}${didYouMean(transform.region, known)}`;
      inspection.error(at, `no region is called ${inspection.shown(at, transform.region)}`, mend);
    } else if (inspection.sound(['jobs', 'buckets']) && !Object.hasOwn(jobs?.buckets ?? {}, transform.region)) {
      const mend = `write jobs.buckets.${transform.region}`;
      inspection.error(at, `batches in ${transform.region} have no bucket for their records and outputs`, mend);
    }
  }
};

/** A region is named once a version, and what it costs is known. */
export const transformsArePriced: Rule = inspection => {
  const seen = new Set<string>();
  for (const { path, transform, version } of transformsOf(inspection)) {
    if (!inspection.sound(path)) continue;
    const { region, instance } = transform;
    const key = `${version} ${region}`;
    if (seen.has(key)) inspection.error([...path, 'region'], `a second transform in ${region}`, 'keep one a region');
    seen.add(key);
    if (instanceUsdPerHour(transform, inspection.prices) !== undefined) continue;
    const at = [...path, 'instance'];
    const problem = `${instance} in ${region} is not in the price list: batches go there last, and their cost is not told`;
    inspection.warning(at, problem, 'write usdPerHour');
  }
};

/** Each transform of the config and where it stands. */
function transformsOf(
  inspection: Inspection,
): readonly { readonly path: Path; readonly version: string; readonly transform: TransformOptions }[] {
  return inspection.models().flatMap(([model, options]) =>
    inspection.versions(model, options).flatMap(([version, { transforms }, path]) =>
      transforms.map((transform, index) => ({
        path: [...path, 'transforms', index],
        version: `${model}/${version}`,
        transform,
      })),
    ),
  );
}
