import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Capture, startCapture } from '../drift/capture.ts';
import { type CaptureFiles, directoryFiles, objectFiles } from '../drift/capture-files.ts';
import { type CapturePlace, tenantTag } from '../drift/capture-path.ts';
import { type Drift, startDrift } from '../drift/drift.ts';
import { createErasures, type Erased, type ErasedCounts, type Erasures, pastErasures } from '../drift/erasure.ts';
import { createFeedback, type Feedback } from '../drift/feedback.ts';
import { openPredictionBook, type PredictionBook } from '../drift/prediction-book.ts';
import { predictionSegments } from '../drift/prediction-segments.ts';
import { lastingName } from '../drift/stored-panes.ts';
import { type Totals, totals } from '../drift/totals.ts';
import { driftPorts } from './drift-ports.ts';
import { type MonitoredModels, monitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/** The drift side of the gateway. */
export interface DriftSide extends Drift {
  readonly feedback: Feedback;
  /** Whether any model takes feedback. */
  takesFeedback(): boolean;
  readonly capture: Capture;
  readonly erasures: Erasures;
  /** Of this folder's counters. */
  readonly counted: Totals;
}

const hourMs = 3_600_000;

/** Watches, captures and takes ground truth for the monitored models of the config in force. */
export async function createDrift(parts: Parts, warn: (message: string) => void): Promise<DriftSide> {
  const { clock } = parts;
  const models = monitoredModels(() => parts.config());
  const counted = totals();
  const directory = join(parts.config().config.stateDir, 'drift');
  const replica = replicaTag(parts);
  const book = await openBook(parts, models, directory, warn);
  const tallies = parts.stores.talliesAs(await lastingName(directory));
  const drift = await startDrift(driftPorts(parts, models, { directory, tallies, counted }, warn), call => {
    if (models().get(call.model)?.options.feedback !== undefined) book.remember(call);
  });
  const capture = createCapture(parts, models, counted, replica, warn);
  const erasures = createErasures({
    clock,
    state: parts.stores.state,
    replica,
    remove: (what, first) => erase({ parts, drift, book, capture, replica }, what, first),
    replicas: parts.replicas,
    warn,
  });
  return {
    ...drift,
    hear: event => {
      drift.hear(event);
      capture.hear(event);
    },
    feedback: createFeedback({
      clock,
      book,
      retentionMs: retentionOf(models),
      joined: drift.joined,
      capture: capture.truths,
      counted,
    }),
    takesFeedback: () => [...models().values()].some(({ options }) => options.feedback !== undefined),
    capture,
    erasures,
    counted,
    stop: async () => {
      erasures.stop();
      await Promise.all([drift.stop(), capture.stop()]);
      await book.stop();
    },
  };
}

function openBook(parts: Parts, models: MonitoredModels, directory: string, warn: (message: string) => void) {
  const { clock, stores } = parts;
  const feedbacks = () => [...models().values()].flatMap(({ options }) => options.feedback ?? []);
  const longestMs = () => Math.max(0, ...feedbacks().map(({ retentionHours }) => retentionHours)) * hourMs;
  const maxCalls = () => feedbacks().reduce((sum, { maxPredictions }) => sum + maxPredictions, 0);
  return openPredictionBook({
    clock,
    shared: stores.entries,
    segments: predictionSegments(join(directory, 'predictions'), { clock, warn, retentionMs: longestMs, maxCalls }),
    maxPredictions: maxCalls,
    retentionMs: retentionOf(models),
    erasures: () => pastErasures(stores.state),
  });
}

function retentionOf(models: MonitoredModels): (model: string) => number {
  return model => (models().get(model)?.options.feedback?.retentionHours ?? 0) * hourMs;
}

function createCapture(
  parts: Parts,
  models: MonitoredModels,
  counted: Totals,
  replica: string,
  warn: (message: string) => void,
): Capture {
  const { clock, random, admission } = parts;
  const options = parts.config().config.capture;
  const filesOf = (name: string): CaptureFiles => {
    const { directory, s3 = '', region = '' } = options?.destinations[name] ?? {};
    return directory === undefined ? bucketFiles(parts, region, s3) : directoryFiles(directory);
  };
  const ports = { clock, random, memory: admission, options, replica, filesOf, counted, warn };
  return startCapture({ ...ports, model: name => models().get(name) });
}

/** Files of `s3://bucket/prefix/`. */
function bucketFiles({ backends: { objects } }: Parts, region: string, s3: string): CaptureFiles {
  const [bucket = '', ...prefix] = s3.slice('s3://'.length).split('/');
  const place = (key: string) => ({ region, bucket, key });
  return objectFiles(
    {
      put: async (key, bytes) => {
        await objects.put(place(key), bytes, 'application/jsonlines');
      },
      get: async key => {
        const found = await objects.get(place(key));
        if (found === undefined) return undefined;
        const chunks: Buffer[] = [];
        for await (const chunk of found.body) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
      delete: key => objects.delete(place(key)),
      keys: start => objects.keys(region, bucket, start),
    },
    prefix.join('/'),
  );
}

/** The same over a restart, so that a replica knows its own files. */
function replicaTag(parts: Parts): string {
  const dir = resolve(parts.config().config.stateDir);
  return createHash('sha256').update(`${hostname()}:${dir}`).digest('hex').slice(0, 8);
}

interface Holders {
  readonly parts: Parts;
  readonly drift: Drift;
  readonly book: PredictionBook;
  readonly capture: Capture;
  readonly replica: string;
}

/**
 * Removes what this replica holds. A file that another may be writing to is that one's to change; older ones, which may
 * be in a place all share, are changed by the replica that was asked first.
 */
async function erase(holders: Holders, what: Erased, first: boolean): Promise<ErasedCounts> {
  const { parts, drift, book, capture, replica } = holders;
  drift.forgetRecords(); // first: it reads the calls that wait, which puts their answers into the book
  const tenants = 'tenant' in what ? [what.tenant] : book.tenantsOf(what.inferenceId);
  const thisHour = Math.floor(parts.clock.wallMs() / hourMs) * hourMs;
  const mayRewrite = (place: CapturePlace) => place.replica === replica || (first && place.hourMs < thisHour);
  const removal =
    'tenant' in what
      ? { tenant: tenantTag(what.tenant), inferenceId: undefined }
      : { tenant: undefined, inferenceId: what.inferenceId };
  const feedback = await book.forget(what); // before what is captured: a truth that still joins is written down there
  const captured = await capture.remove(removal, mayRewrite);
  // Which cached answer an inference id was given cannot be told from its key: all of that tenant's go.
  let cached = 0;
  for (const tenant of new Set(tenants)) cached += await parts.cache.purgeTenant(tenant);
  return { captured, feedback, cached };
}
