import type { ModelInput, ModelOutput } from '../model-port.ts';
import { BadInput, type Fields } from './fields.ts';
import { parseCsv, parseJsonInstances } from './request-body.ts';

/** What makes one model's container: its columns, in the order of a CSV without header, and how to answer a row. */
export interface ContainerModel {
  readonly columns: readonly string[];
  /** Finds the predictor of a target model; throws `BadInput` for one that is not there. */
  predictor(targetModel: string | undefined): (row: Fields) => object;
}

/**
 * The web side of a model container, as AWS describes it for `POST /invocations`
 * (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html): JSON or CSV in,
 * `{"predictions":[…]}` out; 400 for input the model cannot use, 415 and 406 for formats it does not speak.
 * No content type is read as JSON. Never throws for anything a caller sends.
 */
export function predictWith(model: ContainerModel, input: ModelInput): ModelOutput {
  const mediaType = essence(input.contentType) || 'application/json';
  if (mediaType !== 'application/json' && mediaType !== 'text/csv') {
    return problem(415, `content type ${mediaType.slice(0, 80)} is not supported: send application/json or text/csv`);
  }
  if (!acceptsJson(input.accept)) return problem(406, 'only application/json can be answered');
  try {
    const predict = model.predictor(input.targetModel);
    const text = input.body.toString('utf8');
    const rows = mediaType === 'text/csv' ? parseCsv(text, model.columns) : parseJsonInstances(text);
    return json(200, { predictions: rows.map((row, i) => predictRow(predict, row, i)) });
  } catch (error) {
    if (error instanceof BadInput) return problem(400, error.message);
    throw error;
  }
}

function predictRow(predict: (row: Fields) => object, row: Fields, index: number): object {
  try {
    return predict(row);
  } catch (error) {
    throw error instanceof BadInput ? new BadInput(`instances[${index}].${error.message}`) : error;
  }
}

function acceptsJson(accept: string | undefined): boolean {
  if (!accept?.trim()) return true;
  return accept.split(',').some(range => ['application/json', 'application/*', '*/*'].includes(essence(range)));
}

/** A media type without its parameters. */
function essence(mediaType: string | undefined): string {
  return (mediaType?.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function problem(status: number, error: string): ModelOutput {
  return json(status, { error });
}

function json(status: number, value: object): ModelOutput {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}
