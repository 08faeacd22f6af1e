import { join } from 'node:path';
import type { Answer } from '../core/result.ts';
import { type Drift, startDrift } from '../drift/drift.ts';
import { createFeedback, type Feedback } from '../drift/feedback.ts';
import { readPredictions } from '../drift/payload.ts';
import type { DriftPorts } from '../drift/ports.ts';
import { openPredictionBook, type PredictionBook } from '../drift/prediction-book.ts';
import { predictionSegments } from '../drift/prediction-segments.ts';
import { configuredBaselines, type MonitoredModels, monitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/** The drift side of the gateway. */
export interface DriftSide extends Drift {
  readonly feedback: Feedback;
  /** Whether any model takes feedback. */
  takesFeedback(): boolean;
  readonly book: PredictionBook;
}

const hourMs = 3_600_000;

/** Watches the monitored models of the config in force. */
export async function createDrift(parts: Parts, warn: (message: string) => void): Promise<DriftSide> {
  const { clock, random, emit, admission, stores, health } = parts;
  const models = monitoredModels(() => parts.config());
  const directory = join(parts.config().config.stateDir, 'drift');
  const ports: DriftPorts = {
    clock,
    random,
    emit,
    memory: admission,
    state: stores.state,
    tallies: stores.tallies,
    directory,
    models: () => [...models().values()],
    model: name => models().get(name),
    configured: configuredBaselines(models, warn),
    disturbed: name => {
      const states = health.regions();
      const targets =
        parts
          .config()
          .models.get(name)
          ?.versions.flatMap(version => version.targets) ?? [];
      return targets.some(({ region }) => (states.get(region) ?? 'serving') !== 'serving');
    },
    warn,
  };
  const book = await openBook(parts, models, directory, warn);
  const drift = await startDrift(ports, call => {
    if (models().get(call.model)?.options.feedback !== undefined) book.remember(call);
  });
  const feedback = createFeedback({
    clock,
    book,
    retentionMs: retentionOf(models),
    joined: drift.joined,
    counted: drift.counted,
  });
  return {
    ...drift,
    feedback,
    takesFeedback: () => [...models().values()].some(({ options }) => options.feedback !== undefined),
    book,
    stop: async () => {
      await drift.stop();
      await book.stop();
    },
  };
}

function openBook(parts: Parts, models: MonitoredModels, directory: string, warn: (message: string) => void) {
  const { clock, stores } = parts;
  const feedbacks = () => [...models().values()].flatMap(({ options }) => options.feedback ?? []);
  const longestMs = () => Math.max(0, ...feedbacks().map(({ retentionHours }) => retentionHours)) * hourMs;
  return openPredictionBook({
    clock,
    shared: stores.entries,
    segments: predictionSegments(join(directory, 'predictions'), { clock, warn, retentionMs: longestMs }),
    maxPredictions: () => feedbacks().reduce((sum, { maxPredictions }) => sum + maxPredictions, 0),
    retentionMs: retentionOf(models),
    warn,
  });
}

function retentionOf(models: MonitoredModels): (model: string) => number {
  return model => (models().get(model)?.options.feedback?.retentionHours ?? 0) * hourMs;
}

/** The predictions of a model's answer; none where the model has no `monitor.payload` that finds them. */
export function predictionsOf(parts: Parts): (model: string, answer: Answer) => readonly (number | string)[] {
  const models = monitoredModels(() => parts.config());
  return (model, { headers, body }) => {
    const shape = models().get(model)?.shape;
    return shape === undefined ? [] : readPredictions(shape, headers['content-type'], body);
  };
}
