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
 * No content type is read as JSON. A caller that accepts `application/jsonlines` or `text/event-stream` first gets one
 * piece per prediction. Never throws for anything a caller sends.
 */
export function predictWith(model: ContainerModel, input: ModelInput): ModelOutput {
  const mediaType = essence(input.contentType) || 'application/json';
  if (mediaType !== 'application/json' && mediaType !== 'text/csv') {
    return problem(415, `content type ${mediaType.slice(0, 80)} is not supported: send application/json or text/csv`);
  }
  const piece = piecewise[essence(input.accept?.split(',', 1)[0])];
  if (piece === undefined && !acceptsJson(input.accept))
    return problem(406, `only application/json, ${Object.keys(piecewise).join(' and ')} can be answered`);
  try {
    const predict = model.predictor(input.targetModel);
    const text = input.body.toString('utf8');
    const rows = mediaType === 'text/csv' ? parseCsv(text, model.columns) : parseJsonInstances(text);
    const predictions = rows.map((row, i) => predictRow(predict, row, i));
    return piece === undefined
      ? json(200, { predictions })
      : pieces(essence(input.accept?.split(',', 1)[0]), predictions.map(piece));
  } catch (error) {
    if (error instanceof BadInput) return problem(400, error.message);
    throw error;
  }
}

/** How one prediction is written in the formats that come piece by piece. */
const piecewise: Readonly<Record<string, (prediction: object) => string>> = {
  'application/jsonlines': prediction => `${JSON.stringify(prediction)}\n`,
  'text/event-stream': prediction => `data: ${JSON.stringify(prediction)}\n\n`,
};

function pieces(contentType: string, texts: readonly string[]): ModelOutput {
  const chunks = texts.map(text => Buffer.from(text));
  return { status: 200, contentType, body: Buffer.concat(chunks), chunks };
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
