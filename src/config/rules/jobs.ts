import { kindTraits } from '../../core/target.ts';
import type { Path } from '../findings.ts';
import type { Rule } from '../inspection.ts';
import { knownNames } from '../nearest.ts';
import { checkUrl } from './urls.ts';

/** Buckets and places of jobs are in regions of the config. */
export const jobRegionsExist: Rule = inspection => {
  const { jobs, regions } = inspection.config;
  if (jobs === undefined || inspection.standIn(['regions'])) return;
  const known = Object.keys(regions);
  const check = (at: Path, region: string) => {
    if (known.includes(region) || !inspection.sound(at)) return;
    const mend = knownNames(region, known);
    inspection.error(at, `no region is called ${inspection.shown(at, region)}`, mend);
  };
  for (const region of Object.keys(jobs.buckets)) check(['jobs', 'buckets', region], region);
  for (const [index, { region }] of jobs.places.entries()) check(['jobs', 'places', index, 'region'], region);
};

/** A job of each model can be stored as often as asked for, and run where it is stored. */
export const jobsSurviveARegion: Rule = inspection => {
  const { jobs } = inspection.config;
  if (jobs === undefined || !inspection.sound(['jobs'])) return;
  for (const [model, options, path] of inspection.models()) {
    const queues = inspection.targetsOf(model, options).filter(({ target }) => kindTraits[target.kind].queues);
    const regions = new Set(
      queues.map(({ target }) => target.region).filter(region => Object.hasOwn(jobs.buckets, region)),
    );
    if (queues.length === 0 || regions.size >= jobs.inputCopies || !inspection.sound([...path, 'versions'])) continue;
    const problem = `jobs of ${model} are stored in ${regions.size} regions, fewer than jobs.inputCopies, ${jobs.inputCopies}`;
    inspection.warning(
      [...path, 'versions'],
      problem,
      'add targets and buckets in other regions, or lower inputCopies',
    );
  }
};

const webhookUrl = {
  example: 'https://host/path',
  credentials: 'the secret signs what is posted',
  what: 'ends of jobs',
};

/** What happens to jobs is told to those only whom it concerns. */
export const webhooksAreSafe: Rule = inspection => {
  for (const [index, { url }] of (inspection.config.jobs?.webhooks ?? []).entries()) {
    const at = ['jobs', 'webhooks', index, 'url'];
    if (inspection.sound(at)) checkUrl(inspection, at, url, webhookUrl);
  }
};
