import type { Clock } from '../core/clock.ts';
import type { Caller } from '../core/request.ts';
import type { JoinedTruth } from './drift.ts';
import { isObject, parse } from './json-values.ts';
import type { KeptCall } from './kept-call.ts';
import { numberIn } from './payload.ts';
import type { PredictionBook } from './prediction-book.ts';
import type { Totals } from './totals.ts';

/** What came of one ground truth. */
export type FeedbackResult = 'joined' | 'duplicate' | 'conflict' | 'unknown' | 'expired' | 'not-yours' | 'invalid';

/** The same, as callers see it. */
export interface FeedbackAnswer {
  readonly inferenceId: string;
  readonly result: FeedbackResult;
  readonly detail?: string;
}

/** What really happened, for one answer: one value, or one per instance, null where it is not known. */
type Truth = number | string | readonly (number | string | null)[];

/** Joins ground truth with the answers it is of. */
export interface Feedback {
  /** One record of a caller's, not trusted. */
  take(record: unknown, caller: Caller): Promise<FeedbackAnswer>;
}

/** What joining needs of the rest. */
export interface FeedbackPorts {
  readonly clock: Clock;
  readonly book: PredictionBook;
  retentionMs(model: string): number;
  joined(truth: JoinedTruth): void;
  /** Keeps the truths of a call beside what was captured of it. */
  capture(call: KeptCall, truths: readonly (number | string | null)[]): void;
  readonly counted: Totals;
}

/** Joins each answer once: the same truth again changes nothing, another one is refused. */
export function createFeedback(ports: FeedbackPorts): Feedback {
  return {
    take: async (record, caller) => {
      const answer = await join(ports, record, caller);
      ports.counted.add('meridian_feedback_total', { result: answer.result });
      return answer;
    },
  };
}

async function join(ports: FeedbackPorts, record: unknown, caller: Caller): Promise<FeedbackAnswer> {
  const read = readTruth(record);
  if ('detail' in read) return { inferenceId: read.inferenceId, result: 'invalid', detail: read.detail };
  const { inferenceId, truth } = read;
  const call = await ports.book.find(caller.tenant, inferenceId);
  if (call === undefined) return { inferenceId, result: 'unknown' };
  if (caller.models?.has(call.model) === false) return { inferenceId, result: 'not-yours' };
  if (ports.clock.wallMs() - call.answeredAt > ports.retentionMs(call.model)) return { inferenceId, result: 'expired' };
  const truths: readonly (number | string | null)[] = typeof truth === 'object' ? truth : [truth];
  if (call.ambiguous) return { inferenceId, result: 'conflict', detail: 'several answers were given under this id' };
  if (truths.length !== call.predictions.length) {
    const detail = `the answer has ${call.predictions.length} predictions, and this is ${truths.length}`;
    return { inferenceId, result: 'invalid', detail };
  }
  return claim(ports, call, truths);
}

async function claim(
  { book, joined, capture }: FeedbackPorts,
  call: KeptCall,
  truths: readonly (number | string | null)[],
): Promise<FeedbackAnswer> {
  const { inferenceId, model, version, scope } = call;
  const text = JSON.stringify(truths);
  const former = await book.claim(call, text);
  if (former === false) return { inferenceId, result: 'unknown' };
  if (former !== undefined) return { inferenceId, result: former === text ? 'duplicate' : 'conflict' };
  let { drawn } = call;
  for (const [index, truth] of truths.entries()) {
    const predicted = call.predictions[index];
    if (truth === null || predicted === undefined) continue;
    joined({
      model,
      version,
      inferenceId,
      predicted,
      truth,
      ...(scope !== undefined && { scope }),
      ...(drawn && { drawn }),
    });
    drawn = undefined; // those of one call are alike: a canary's verdict takes one
  }
  capture(call, truths);
  return { inferenceId, result: 'joined' };
}

type ReadTruth =
  | { readonly inferenceId: string; readonly truth: Truth }
  | { readonly inferenceId: string; readonly detail: string };

const longestId = 64;
/** Of the texts of one truth, which is kept as long as its answer: as of predictions. */
const mostCharacters = 16_384;

/** `{"inferenceId","truth"}`, or a ground-truth record of SageMaker's Model Monitor. */
function readTruth(record: unknown): ReadTruth {
  if (!isObject(record)) return { inferenceId: '', detail: 'is not an object with inferenceId and truth' };
  if (isObject(record['groundTruthData'])) return ofModelMonitor(record['groundTruthData'], record['eventMetadata']);
  const { inferenceId, truth } = record;
  if (!isId(inferenceId))
    return { inferenceId: '', detail: `inferenceId must be a text of 1 to ${longestId} characters` };
  const value = truthOf(truth);
  if (value !== undefined) return { inferenceId, truth: value };
  return { inferenceId, detail: 'truth must be a number, a text, true or false, or a list of these and null' };
}

/** Its `eventId` is the inference id; CSV of several values is one per instance. */
function ofModelMonitor(data: Readonly<Record<string, unknown>>, metadata: unknown): ReadTruth {
  const { eventId, inferenceId } = isObject(metadata) ? metadata : {};
  const id = inferenceId ?? eventId;
  if (!isId(id)) return { inferenceId: '', detail: 'eventMetadata.eventId must be an inference id' };
  const { data: text, encoding = 'CSV' } = data;
  if (typeof text !== 'string') return { inferenceId: id, detail: 'groundTruthData.data must be a text' };
  const values =
    encoding === 'JSON'
      ? parse(text)
      : text
          .trim()
          .split(/[,\n]/)
          .map(cell => numberIn(cell) ?? cell.trim());
  const value = truthOf(Array.isArray(values) && values.length === 1 ? values[0] : values);
  if (value === undefined) return { inferenceId: id, detail: 'groundTruthData.data must hold numbers or texts' };
  return { inferenceId: id, truth: value };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longestId;
}

function truthOf(value: unknown): Truth | undefined {
  if (!Array.isArray(value)) return charactersOf([value]) > mostCharacters ? undefined : scalarOf(value);
  const list = value.map(each => (each === null ? null : scalarOf(each)));
  if (charactersOf(list) > mostCharacters) return undefined;
  if (list.every(each => each === null)) return undefined; // it would keep the answer, and tell nothing
  return list.every(each => each !== undefined) ? (list as (number | string | null)[]) : undefined;
}

function charactersOf(list: readonly unknown[]): number {
  return list.reduce<number>((sum, each) => sum + (typeof each === 'string' ? each.length : 0), 0);
}

function scalarOf(value: unknown): number | string | undefined {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ? value : undefined;
}
