import type { WorkKind } from './book.ts';
import { isOver, type Job } from './job.ts';
import { placesOf } from './places.ts';
import { decodeJob } from './record.ts';

/** Jobs, as the book keeps them. */
export const jobKind: WorkKind<Job> = {
  name: 'job',
  indexPrefix: 'job/',
  folders: ({ prefix }) => prefix,
  record: (options, region, id) => placesOf(options, region, id).record,
  decode: decodeJob,
  isOver: ({ state }) => isOver(state),
  isOpen: job => !isOver(job.state) || !job.told || job.removing === true,
};
