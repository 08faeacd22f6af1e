import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Job } from './job.ts';

const Attempt = Type.Object({
  region: Type.String(),
  target: Type.String(),
  submittedAtMs: Type.Number(),
  outputLocation: Type.String(),
  failureLocation: Type.String(),
  drawn: Type.Optional(Type.Object({ trial: Type.String(), side: Type.Enum(['stable', 'canary']) })),
  givenUp: Type.Optional(Type.String()),
});

/** A job as it is written into the index and beside its input. */
const Record = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
  owner: Type.String(),
  tenant: Type.String(),
  model: Type.String(),
  createdAtMs: Type.Number(),
  inputBytes: Type.Number(),
  inferenceId: Type.String(),
  fields: Type.Object({
    contentType: Type.Optional(Type.String()),
    accept: Type.Optional(Type.String()),
    customAttributes: Type.Optional(Type.String()),
    invocationTimeoutSeconds: Type.Optional(Type.String()),
  }),
  residency: Type.Optional(Type.Array(Type.String())),
  copies: Type.Array(Type.String()),
  state: Type.Union(
    (['queued', 'running', 'completed', 'failed', 'cancelled'] as const).map(state => Type.Literal(state)),
  ),
  attempts: Type.Array(Attempt),
  detail: Type.Optional(Type.String()),
  finishedAtMs: Type.Optional(Type.Number()),
  result: Type.Optional(Type.Object({ region: Type.String(), location: Type.String() })),
  told: Type.Optional(Type.Boolean()),
  revision: Type.Optional(Type.Number()),
  removing: Type.Optional(Type.Boolean()),
});

/** Undefined for what is no record of a job. */
export function decodeJob(text: string): Job | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Value.Check(Record, value)) return undefined;
    const { residency, ...job }: Static<typeof Record> = value;
    return { ...job, residency };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
