import { TransformPlaneError } from '../../backends/transform-plane.ts';
import { byPrice, type Transform } from '../../core/transform.ts';
import type { JobsOptions } from '../options.ts';
import { attemptsRun, type Batch, type BatchAttempt } from './batch.ts';
import { amendBatch, changeBatch, withAttempt, withoutAsking } from './change.ts';
import type { BatchPorts, BatchStep } from './ports.ts';

/** Between tries to find a region; longer the longer the batch has waited. */
const leastWaitMs = 2_000;
const mostWaitMs = 60_000;
const waitShare = 0.1;

/** Has the cheapest region that serves create the transform; the next one when that region cannot. */
export async function submitBatch(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<BatchStep> {
  const ageMs = ports.clock.wallMs() - batch.createdAtMs;
  const againMs = Math.min(mostWaitMs, Math.max(leastWaitMs, ageMs * waitShare));
  const serving = inOrder(ports, batch).filter(({ region }) => ports.regionState(region) === 'serving');
  // Elsewhere the same transform would have another place to write to, and be paid for twice.
  if (serving.length > 0 && (await ports.book.yields(batch))) return { batch, againMs };
  let latest = batch;
  for (const transform of serving) {
    const tried = await askRegion(ports, latest, transform);
    latest = tried.batch;
    if (tried.created) return { batch: latest, againMs: options.batchPollMs };
    if (latest.state !== 'queued') return { batch: latest, againMs: 0 }; // withdrawn meanwhile
  }
  const regions = Object.keys(batch.places).join(' or ');
  const detail = serving.length === 0 ? `waits for ${regions}` : `waits: ${whyNot(latest, serving)}`;
  if (latest.detail !== detail) latest = await amendBatch(ports, latest, { detail });
  return { batch: latest, againMs };
}

/** Regions where it did not run yet first, then the cheapest. */
function inOrder(ports: BatchPorts, batch: Batch): readonly Transform[] {
  const ran = new Set(attemptsRun(batch).map(({ region }) => region));
  return byPrice(ports.transforms(batch.model, batch.version))
    .filter(({ region }) => Object.hasOwn(batch.places, region))
    .toSorted((a, b) => Number(ran.has(a.region)) - Number(ran.has(b.region)));
}

/**
 * Asks one region. The attempt is written down first, so that whoever takes the batch up after a crash asks under the
 * same name and finds what is there.
 */
async function askRegion(
  ports: BatchPorts,
  batch: Batch,
  transform: Transform,
): Promise<{ readonly batch: Batch; readonly created: boolean }> {
  const attempt = attemptIn(ports, batch, transform);
  const asking = await amendBatch(ports, batch, { attempts: withAttempt(withoutAsking(batch), attempt) });
  if (ports.book.get(batch.id) === undefined || asking.state !== 'queued') return { batch: asking, created: false };
  try {
    await ports.plane.create(transform.region, startOf(asking, attempt, transform));
  } catch (error) {
    return { batch: await refused(ports, asking, attempt, error), created: false };
  }
  const isWanted = ports.book.get(batch.id)?.state === 'queued';
  const attempts = withAttempt(asking, { ...attempt, stage: isWanted ? 'created' : 'abandoned' });
  return { batch: await changeBatch(ports, asking, 'created', { attempts }), created: isWanted };
}

/** A call that may have come through leaves an attempt that has to be looked after; a refusal leaves one that is over. */
function refused(ports: BatchPorts, batch: Batch, attempt: BatchAttempt, error: unknown): Promise<Batch> {
  if (!(error instanceof TransformPlaneError)) throw error;
  const { region, jobName } = attempt;
  ports.warn(`batch ${batch.id}: ${region} did not create ${jobName}: ${error.code}: ${error.message}`);
  const failure = ports.clean(batch, `${error.code}: ${error.message}`);
  const stage = error.unsure ? ('abandoned' as const) : ('over' as const);
  return amendBatch(ports, batch, { attempts: withAttempt(batch, { ...attempt, stage, failure }) });
}

function attemptIn({ clock }: BatchPorts, batch: Batch, { region, usdPerHour }: Transform): BatchAttempt {
  return {
    region,
    jobName: `meridian-${batch.id}-${attemptsRun(batch).length + 1}`,
    askedAtMs: clock.wallMs(),
    stage: 'asking',
    ...(usdPerHour !== undefined && { usdPerHour }),
  };
}

function startOf(batch: Batch, { jobName }: BatchAttempt, transform: Transform) {
  const { region, residency: _, usdPerHour: __, ...how } = transform;
  const places = batch.places[region];
  if (places === undefined) throw new Error(`batch ${batch.id} has no places in ${region}`);
  const { contentType, accept, split, together } = batch;
  return { jobName, ...places, contentType, accept, split, together, ...how };
}

function whyNot({ attempts }: Batch, transforms: readonly Transform[]): string {
  return transforms
    .map(({ region }) => `${region}: ${attempts.findLast(each => each.region === region)?.failure ?? 'not asked'}`)
    .join('; ');
}
