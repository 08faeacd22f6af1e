import Type, { type Static } from 'typebox';

/** One token bucket per process: Finagle's RetryBudget shape, with the fleet's minimum divided by the replicas. */
export const RetryBudgetOptions = Type.Object(
  {
    ratio: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.2,
      description: 'Retries earned by each accepted request.',
    }),
    perSecond: Type.Number({ minimum: 0, default: 3, description: 'Retries earned each second, fleet-wide.' }),
  },
  { additionalProperties: false, default: {} },
);
export type RetryBudgetOptions = Static<typeof RetryBudgetOptions>;

const milliseconds = (defaultMs: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: defaultMs, description });

/** Streamed answers: five clocks, and how an early cut is rescued. */
export const StreamOptions = Type.Object(
  {
    connectMs: milliseconds(1_000, 'For a new connection.'),
    firstByteMs: milliseconds(10_000, 'From sending to the head of the answer, within the deadline.'),
    firstContentMs: milliseconds(10_000, 'From sending to the first content, within the deadline.'),
    idleMs: milliseconds(30_000, 'Between two events.'),
    totalMs: milliseconds(600_000, 'For the whole stream; the deadline ends with its first content.'),
    rescue: Type.Union([Type.Literal('none'), Type.Literal('restart'), Type.Literal('buffered')], {
      default: 'none',
      description:
        'restart: hold the beginning back, to move a stream cut within it; buffered: answer only when whole.',
    }),
    window: Type.Object(
      {
        bytes: Type.Integer({ minimum: 1, maximum: 1_048_576, default: 16_384, description: 'Held back at most.' }),
        ms: milliseconds(1_000, 'Held back for at most.'),
      },
      { additionalProperties: false, default: {}, description: 'What rescue: restart holds back.' },
    ),
  },
  { additionalProperties: false, default: {}, description: 'Streamed answers.' },
);
export type StreamOptions = Static<typeof StreamOptions>;
