import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Batch } from './batch.ts';

const optionalText = Type.Optional(Type.String());
const optionalNumber = Type.Optional(Type.Number());

const Attempt = Type.Object({
  region: Type.String(),
  jobName: Type.String(),
  askedAtMs: Type.Number(),
  stage: Type.Union((['asking', 'created', 'abandoned', 'over'] as const).map(stage => Type.Literal(stage))),
  usdPerHour: optionalNumber,
  startedAtMs: optionalNumber,
  endedAtMs: optionalNumber,
  failure: optionalText,
});

const states = ['queued', 'running', 'stopping', 'completed', 'failed', 'cancelled'] as const;

/** A batch as it is written into the index and the buckets. */
const Record = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
  owner: Type.String(),
  tenant: Type.String(),
  model: Type.String(),
  version: Type.String(),
  createdAtMs: Type.Number(),
  finishedAtMs: optionalNumber,
  state: Type.Union(states.map(state => Type.Literal(state))),
  copies: Type.Array(Type.String()),
  revision: optionalNumber,
  removing: Type.Optional(Type.Boolean()),
  places: Type.Record(Type.String(), Type.Object({ input: Type.String(), output: Type.String() })),
  keepsOutput: Type.Boolean(),
  contentType: optionalText,
  accept: optionalText,
  split: Type.Union([Type.Literal('line'), Type.Literal('none')]),
  together: Type.Boolean(),
  attempts: Type.Array(Attempt),
  progress: Type.Optional(Type.Object({ inputs: optionalNumber, outputs: optionalNumber })),
  detail: optionalText,
  told: Type.Optional(Type.Boolean()),
});

/** Undefined for what is no record of a batch. */
export function decodeBatch(text: string): Batch | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Value.Check(Record, value)) return undefined;
    return value as Static<typeof Record>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
