import type { Payload } from './capture-record.ts';
import { type PayloadShape, readPredictions, readRecords } from './payload.ts';

/**
 * A request written anew with the allowed features alone, as JSON where the model's instances stand; nothing else of it
 * is kept. Undefined when an instance cannot be read, or has more or fewer values than names: what cannot be told apart
 * cannot be left out, and one comma too many would put a value under its neighbour's name.
 */
export function redactInput(shape: PayloadShape, input: Payload, allowed: ReadonlySet<string>): Payload | undefined {
  const { instances, problems } = readRecords(shape, input.contentType, input.body);
  if (problems.length > 0) return undefined;
  const kept = instances.map(instance => Object.fromEntries([...instance].filter(([name]) => allowed.has(name))));
  return jsonAt(shape.instances, kept);
}

/** An answer written anew with the predictions alone. Undefined when there are none to read. */
export function redactOutput(shape: PayloadShape, output: Payload): Payload | undefined {
  const predictions = readPredictions(shape, output.contentType, output.body);
  if (predictions.length === 0) return undefined;
  return jsonAt(
    shape.predictions,
    predictions.map(value => nest(shape.prediction, value)),
  );
}

function jsonAt(pointer: string, value: unknown): Payload {
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(nest(pointer, value))) };
}

/** The value as a JSON pointer would find it. */
function nest(pointer: string, value: unknown): unknown {
  if (pointer === '') return value;
  const steps = pointer.slice(1).split('/');
  return steps.reduceRight<unknown>((inner, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!/^(0|[1-9]\d?)$/.test(name)) return { [name]: inner };
    const list: unknown[] = Array.from({ length: Number(name) }, () => null);
    return [...list, inner];
  }, value);
}
