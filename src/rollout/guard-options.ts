import Type from 'typebox';

const guardAction = (otherwise: 'rollback' | 'hold', description: string) =>
  Type.Enum(['rollback', 'hold', 'off'], { default: otherwise, description });

/** `models.NAME.canary.guards`: how much worse a canary may be, and what happens when it is shown to be worse. */
export const GuardOptions = Type.Object(
  {
    errors: Type.Object(
      {
        marginPoints: Type.Number({
          exclusiveMinimum: 0,
          maximum: 50,
          default: 2,
          description:
            'A step is passed once the error rate is shown to exceed stable’s by fewer percentage points than this.',
        }),
        marginShare: Type.Number({
          minimum: 0,
          maximum: 10,
          default: 0.2,
          description:
            'Or by less than this share of stable’s own rate, where that is more: at 0.2 four points beside a stable that fails in 20 %.',
        }),
      },
      { additionalProperties: false, default: {}, description: 'Answers that failed.' },
    ),
    callerFaults: Type.Object(
      { action: guardAction('rollback', 'When it refuses more of the same calls than stable does.') },
      { additionalProperties: false, default: {}, description: 'Answers that refused the caller’s input.' },
    ),
    latency: Type.Object(
      {
        margin: Type.Number({
          minimum: 0,
          maximum: 10,
          default: 0.25,
          description: 'How much slower p50 and p95 may be, as a share.',
        }),
        action: guardAction('rollback', 'When it is slower than that.'),
      },
      { additionalProperties: false, default: {}, description: 'Time of answers.' },
    ),
    predictions: Type.Object(
      {
        distance: Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          default: 0.2,
          description: 'Jensen-Shannon distance (base 2) between both versions’ predictions that matters.',
        }),
        action: guardAction('hold', 'When they are that far apart, and chance does not explain it.'),
      },
      { additionalProperties: false, default: {}, description: 'What is answered.' },
    ),
    cost: Type.Object(
      {
        margin: Type.Number({
          minimum: 0,
          maximum: 100,
          default: 0.5,
          description: 'How much more a thousand calls may cost, as a share.',
        }),
        action: guardAction('hold', 'When it costs more than that.'),
      },
      { additionalProperties: false, default: {}, description: 'Marginal cost of a thousand calls.' },
    ),
    quality: Type.Object(
      {
        margin: Type.Number({
          minimum: 0,
          maximum: 10,
          default: 0.05,
          description: 'How much greater the mean loss may be, as a share; from ground truth, where it comes.',
        }),
        action: guardAction('rollback', 'When it is shown to be greater.'),
      },
      { additionalProperties: false, default: {}, description: 'How right answers were.' },
    ),
    failuresInARow: Type.Integer({
      minimum: 2,
      maximum: 1_000,
      default: 5,
      description: 'At least so many, more where stable itself fails at times, end a canary at once.',
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'How much worse it may be, and what happens when it is shown to be worse.',
  },
);
