import Type from 'typebox';
import { Value } from 'typebox/value';
import { type Episode, episodeStates } from './episode.ts';
import { monitors } from './evidence.ts';

const Numbers = Type.Record(Type.String(), Type.Number());

const EvidenceRecord = Type.Object({
  key: Type.String(),
  source: Type.Enum(['evaluator', 'alertmanager']),
  monitor: Type.Enum([...monitors]),
  version: Type.Optional(Type.String()),
  feature: Type.Optional(Type.String()),
  statistic: Type.Optional(Type.String()),
  value: Type.Optional(Type.Number()),
  sample: Type.Optional(Type.Number()),
  atMs: Type.Number(),
  active: Type.Boolean(),
});

const ActionRecord = Type.Object({
  kind: Type.Enum(['pipeline', 'event', 'webhook']),
  to: Type.String(),
  state: Type.Enum(['pending', 'done', 'failed']),
  regionIndex: Type.Integer(),
  failures: Type.Integer(),
  unsure: Type.Optional(Type.Array(Type.String())),
  dueAtMs: Type.Number(),
  parameters: Type.Record(Type.String(), Type.String()),
  link: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
});

/** An episode as it is kept. */
const EpisodeRecord = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{12}$' }),
  model: Type.String(),
  scope: Type.String(),
  number: Type.Integer({ minimum: 1 }),
  state: Type.Enum([...episodeStates]),
  baseline: Type.String(),
  version: Type.Optional(Type.String()),
  openedBy: Type.String(),
  openedAtMs: Type.Number(),
  changedAtMs: Type.Number(),
  closedAtMs: Type.Optional(Type.Number()),
  forced: Type.Boolean(),
  evidence: Type.Array(EvidenceRecord),
  held: Type.Optional(Type.Object({ why: Type.String(), untilMs: Type.Number() })),
  approvedBy: Type.Optional(Type.String()),
  actions: Type.Array(ActionRecord),
  execution: Type.Optional(
    Type.Object({ region: Type.String(), arn: Type.String(), status: Type.String(), dueAtMs: Type.Number() }),
  ),
  result: Type.Optional(
    Type.Object({ version: Type.Optional(Type.String()), packageArn: Type.Optional(Type.String()) }),
  ),
  canary: Type.Optional(Type.Object({ id: Type.String(), version: Type.String() })),
  verdict: Type.Optional(Type.Object({ outcome: Type.String(), reason: Type.String() })),
  quality: Type.Object({ before: Numbers, after: Numbers }),
  lease: Type.Optional(Type.Object({ replica: Type.String(), untilMs: Type.Number() })),
  timeline: Type.Array(
    Type.Object({ atMs: Type.Number(), by: Type.String(), what: Type.String(), detail: Type.String() }),
  ),
});

/** As one line of JSON; equal episodes have equal texts. */
export function encodeEpisode(episode: Episode): string {
  return JSON.stringify(episode);
}

/** Undefined for what is no record of an episode. */
export function decodeEpisode(text: string): Episode | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(EpisodeRecord, value) ? (value as Episode) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
