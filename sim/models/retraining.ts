import { BadInput } from './fields.ts';
import { quality } from './metrics.ts';
import { type RainRecipe, rainColumns, rainProbability, readDay } from './rain.ts';
import { parseCsv, parseJsonInstances } from './request-body.ts';
import { fitRain, type RainExample } from './training.ts';
import type { RainWeights } from './weights.ts';

/** Fewer examples than this train nothing worth deploying. */
export const leastExamples = 50;
/** Every so many examples one is kept back to measure the new model on. */
const heldOutEvery = 4;

/** What a training job found in its input. */
export interface TrainingInput {
  readonly examples: readonly RainExample[];
  /** Captured calls, and those among them whose truth was told. */
  readonly captured: number;
  readonly labelled: number;
}

/**
 * Joins captured calls (data capture JSON lines) with what came true (ground truth JSON lines) by inference id, else by
 * event id, as SageMaker's merge job does. Lines that are neither are passed over, as are calls with another number of
 * rows than truths.
 */
export function readTraining(captures: readonly string[], truths: readonly string[]): TrainingInput {
  const told = new Map(truths.flatMap(lines).flatMap(readTruth));
  const calls = captures.flatMap(lines).flatMap(readCall);
  const labelled = calls.flatMap(({ ids, days }) => {
    const labels = ids.map(id => told.get(id)).find(found => found !== undefined);
    if (labels === undefined || labels.length !== days.length) return [];
    return [days.map((day, i): RainExample => ({ day, rainNextDay: labels[i] as 0 | 1 }))];
  });
  return { examples: labelled.flat(), captured: calls.length, labelled: labelled.length };
}

/** Fits the recipe to three examples in four and measures it on the others. Throws when there are too few. */
export function retrainRain(recipe: RainRecipe, examples: readonly RainExample[], from: string): RainWeights {
  if (examples.length < leastExamples)
    throw new Error(`${examples.length} labelled examples in ${from}: at least ${leastExamples} are needed`);
  const heldOut = examples.filter((_, i) => i % heldOutEvery === 0);
  const model = fitRain(
    recipe,
    examples.filter((_, i) => i % heldOutEvery !== 0),
  );
  return {
    trainedOn: from,
    features: recipe.features,
    ...model,
    heldOut: quality(
      heldOut.map(({ day }) => rainProbability(recipe, model, day)),
      heldOut.map(({ rainNextDay }) => rainNextDay),
    ),
  };
}

function readCall(line: string): { ids: string[]; days: RainExample['day'][] }[] {
  const record = object(parse(line));
  const input = object(object(record['captureData'])['endpointInput']);
  const { eventId, inferenceId } = object(record['eventMetadata']);
  const data = input['encoding'] === 'BASE64' ? Buffer.from(String(input['data']), 'base64').toString() : input['data'];
  if (typeof data !== 'string') return [];
  try {
    const isCsv = String(input['observedContentType']).startsWith('text/csv');
    const rows = isCsv ? parseCsv(data, rainColumns) : parseJsonInstances(data);
    return [{ ids: [inferenceId, eventId].filter(id => typeof id === 'string'), days: rows.map(readDay) }];
  } catch (error) {
    if (error instanceof BadInput) return []; // the model refused it as well
    throw error;
  }
}

function readTruth(line: string): (readonly [id: string, labels: (0 | 1)[]])[] {
  const record = object(parse(line));
  const { data } = object(record['groundTruthData']);
  const { eventId } = object(record['eventMetadata']);
  if (typeof eventId !== 'string' || typeof data !== 'string') return [];
  const labels = (data.match(/-?\d+(\.\d+)?|true|false/g) ?? []).map(text =>
    Number(text) > 0 || text === 'true' ? 1 : 0,
  );
  return [[eventId, labels]];
}

function lines(text: string): string[] {
  return text.split('\n').filter(line => line.trim() !== '');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
