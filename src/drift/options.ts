import Type, { type Static } from 'typebox';
import { CaptureOptions } from './capture-options.ts';
import { PayloadOptions } from './payload-options.ts';

const share = (by: number, description: string) => Type.Number({ minimum: 0, maximum: 1, default: by, description });
const marks = (high: number, low: number, description: string) =>
  Type.Object(
    {
      high: Type.Number({ exclusiveMinimum: 0, default: high, description: 'Drifted from here on.' }),
      low: Type.Number({ exclusiveMinimum: 0, default: low, description: 'Clear below.' }),
    },
    { additionalProperties: false, default: {}, description },
  );

/** How large a difference is: effect sizes that a feature may be judged by. */
export const effects = [
  'psi',
  'jensen-shannon',
  'kolmogorov-smirnov',
  'wasserstein',
  'l-infinity',
  'cramers-v',
] as const;
/** One of them. */
export type Effect = (typeof effects)[number];

/** `models.NAME.monitor.windows`. */
const WindowOptions = Type.Object(
  {
    paneSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 300,
      description: 'What is counted together; panes begin at whole multiples of it (UTC), on all replicas alike.',
    }),
    tumblingPanes: Type.Integer({ minimum: 1, maximum: 288, default: 12, description: 'Panes of a tumbling window.' }),
    slidingPanes: Type.Integer({
      minimum: 0,
      maximum: 288,
      default: 0,
      description: 'Panes a sliding window reaches back, judged after each pane; 0 for none.',
    }),
    slidingRecords: Type.Integer({
      minimum: 0,
      default: 0,
      description: 'A sliding window reaches back only as far as it takes for so many records; 0: over all its panes.',
    }),
    minRecords: Type.Integer({
      minimum: 2,
      default: 1_000,
      description: 'With fewer a window is too small to judge: without any drift PSI is about (bins − 1)(1/n + 1/m).',
    }),
    minTruths: Type.Integer({ minimum: 2, default: 200, description: 'The same for ground truth.' }),
    settleMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 5_000,
      description: 'After a pane’s end, for the counts of the other replicas to come; they look once a second.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'What is judged together.' },
);

/** `models.NAME.monitor.feedback`. */
export const FeedbackOptions = Type.Object(
  {
    retentionHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 8_760,
      default: 72,
      description: 'How long after an answer its ground truth is taken.',
    }),
    maxPredictions: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 100_000,
      description:
        'Answers remembered for it, per replica; one of more than a kilobyte of predictions counts as several. The oldest go first.',
    }),
  },
  { additionalProperties: false, description: 'Takes ground truth at POST /v1/feedback.' },
);
export type FeedbackOptions = Static<typeof FeedbackOptions>;

/** `models.NAME.monitor.scopes.CLASS`. */
const ScopeOptions = Type.Object(
  {
    baseline: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Its own baseline, where its callers are not like all. Default: theirs.',
      }),
    ),
    baselines: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      default: {},
      description: 'The same for single versions.',
    }),
  },
  { additionalProperties: false },
);

/** `models.NAME.monitor`: without it nothing of a model's traffic is looked at. */
export const MonitorOptions = Type.Object(
  {
    payload: PayloadOptions,
    baseline: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Directory with statistics.json, constraints.json and, if the gateway wrote them, baseline.json; beside the config’s file.',
      }),
    ),
    baselines: Type.Record(Type.String(), Type.String({ minLength: 1 }), {
      default: {},
      description: 'The same for single versions.',
    }),
    scopes: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,32}$' }), ScopeOptions, {
      maxProperties: 8,
      additionalProperties: false,
      default: {},
      description:
        'Residency classes whose callers are also judged by themselves: calls that key, hint or model bind to this class alone.',
    }),
    sampleRate: share(1, 'Of calls.'),
    maxBodyBytes: Type.Integer({
      minimum: 1,
      default: 65_536,
      description: 'Of larger requests or answers only a sample is read.',
    }),
    largeSampleRate: share(0.01, 'Of larger ones.'),
    maxQueuedBytes: Type.Integer({
      minimum: 1,
      default: 8_388_608,
      description: 'Of payloads that wait to be read; past it calls are not looked at, and counted as dropped.',
    }),
    windows: WindowOptions,
    numeric: Type.Enum(effects, { default: 'psi', description: 'How numbers are judged.' }),
    categorical: Type.Enum(['psi', 'jensen-shannon', 'l-infinity', 'cramers-v'], {
      default: 'l-infinity',
      description: 'How texts are judged.',
    }),
    significance: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.5,
      default: 0.01,
      description: 'Largest p-value of a drift, after Benjamini and Hochberg over the features of a window.',
    }),
    marks: Type.Object(
      {
        psi: marks(0.2, 0.1, 'Population stability index.'),
        'jensen-shannon': marks(0.15, 0.1, 'Distance, natural logarithm.'),
        'kolmogorov-smirnov': marks(0.15, 0.1, 'Largest difference of the distribution functions.'),
        wasserstein: marks(0.2, 0.1, 'In standard deviations of the baseline.'),
        'l-infinity': marks(0.15, 0.1, 'Largest difference of a share.'),
        'cramers-v': marks(0.15, 0.1, 'Of chi-square.'),
        quality: marks(0.05, 0.01, 'Share of records that break a constraint.'),
        performance: marks(0.1, 0.05, 'Loss against the baseline: of accuracy, AUC, F1; of errors, relative.'),
      },
      { additionalProperties: false, default: {}, description: 'How large a difference is a drift.' },
    ),
    performance: Type.Optional(
      Type.Enum(['accuracy', 'auc', 'f1', 'mae', 'rmse'], {
        description: 'What ground truth is judged by. Default: accuracy for labels, MAE for numbers.',
      }),
    ),
    referenceRecords: Type.Integer({
      minimum: 100,
      maximum: 100_000,
      default: 2_000,
      description: 'Newest records kept in memory, of which a promoted version’s baseline is made.',
    }),
    capture: Type.Optional(CaptureOptions),
    feedback: Type.Optional(FeedbackOptions),
  },
  { additionalProperties: false, description: 'Watches a model’s inputs, predictions and their quality for drift.' },
);
export type MonitorOptions = Static<typeof MonitorOptions>;
