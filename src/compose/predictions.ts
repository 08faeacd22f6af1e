import type { Answer } from '../core/result.ts';
import { readPredictions } from '../drift/payload.ts';
import { monitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/** Numbers looked at in one answer. */
const mostNumbers = 10_000;

/** Predictions of a model's answer: where its `monitor.payload` says, else every number. May throw on what is neither. */
export function predictionsIn(parts: Parts): (model: string, answer: Answer) => readonly (number | string)[] {
  const declared = declaredPredictions(parts);
  return (model, answer) =>
    parts.config().config.models[model]?.monitor === undefined ? numbersIn(answer) : declared(model, answer);
}

/**
 * Predictions of an answer whose shape nobody declared: every number in it, in its order, of JSON or CSV. Throws when it
 * is neither.
 */
function numbersIn({ headers, body }: Answer): readonly number[] {
  const text = body.toString('utf8');
  if (headers['content-type']?.startsWith('text/csv')) return numbersOfCsv(text);
  const found: number[] = [];
  const walk = (value: unknown): void => {
    if (found.length >= mostNumbers) return;
    if (typeof value === 'number') found.push(value);
    else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) walk(member);
  };
  walk(JSON.parse(text));
  return found;
}

function numbersOfCsv(text: string): readonly number[] {
  const cells = text.split(/[,\n\r]+/).filter(cell => cell.trim() !== '');
  return cells.slice(0, mostNumbers).map(Number).filter(Number.isFinite);
}

/** The predictions of a model's answer; none where the model has no `monitor.payload` that finds them. */
function declaredPredictions(parts: Parts): (model: string, answer: Answer) => readonly (number | string)[] {
  const models = monitoredModels(() => parts.config());
  return (model, { headers, body }) => {
    const shape = models().get(model)?.shape;
    return shape === undefined ? [] : readPredictions(shape, headers['content-type'], body);
  };
}
