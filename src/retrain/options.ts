import Type, { type Static } from 'typebox';
import { monitors } from './evidence.ts';

const Region = Type.String({ minLength: 1, description: 'A key of `regions`, asked first.' });
const OtherRegions = Type.Array(Type.String({ minLength: 1 }), {
  default: [],
  description: 'Asked in this order when the one before does not answer. They get references, never data.',
});

/** Runs a SageMaker pipeline. */
const PipelineAction = Type.Object(
  {
    kind: Type.Literal('pipeline'),
    pipeline: Type.String({ minLength: 1, maxLength: 256, description: 'Name or ARN of a SageMaker pipeline.' }),
    region: Region,
    otherRegions: OtherRegions,
    parameters: Type.Record(
      Type.String({ pattern: '^[A-Za-z0-9](-*[A-Za-z0-9]){0,255}$' }),
      Type.String({ maxLength: 1024 }),
      {
        default: {},
        additionalProperties: false,
        description:
          'Of the pipeline. `{model}`, `{version}`, `{scope}`, `{episode}`, `{baseline}`, `{capture}` and `{feedback}` are filled in.',
      },
    ),
  },
  { additionalProperties: false, description: 'Starts a pipeline and follows it.' },
);

/** Tells an EventBridge bus. */
const EventAction = Type.Object(
  {
    kind: Type.Literal('event'),
    bus: Type.String({ minLength: 1, default: 'default', description: 'Name or ARN of an EventBridge bus.' }),
    source: Type.String({ pattern: '^(?!aws\\.).+$', default: 'meridian', description: 'Of the event.' }),
    region: Region,
    otherRegions: OtherRegions,
  },
  { additionalProperties: false, description: 'Puts an event on a bus.' },
);

/** Posts to a server of the user's. */
const WebhookAction = Type.Object(
  {
    kind: Type.Literal('webhook'),
    url: Type.String({ pattern: '^https?://[^/?#]+/.*$', description: 'Gets a POST.' }),
    secret: Type.String({ minLength: 16, description: 'Signs what is posted (HMAC-SHA-256).' }),
  },
  { additionalProperties: false, description: 'Posts the episode, signed.' },
);

/** `models.NAME.retrain.actions[]`. */
export const ActionOptions = Type.Union([PipelineAction, EventAction, WebhookAction]);
export type ActionOptions = Static<typeof ActionOptions>;

/** `models.NAME.retrain`: without it drift is shown, and nothing follows from it. */
export const RetrainOptions = Type.Object(
  {
    evaluator: Type.Boolean({
      default: true,
      description: 'Whether the gateway judges windows itself; false where Prometheus and Alertmanager do.',
    }),
    windows: Type.Object(
      {
        drifted: Type.Integer({ minimum: 1, maximum: 100, default: 3, description: 'Windows above the high mark…' }),
        of: Type.Integer({ minimum: 1, maximum: 100, default: 4, description: '…among the last this many.' }),
        clear: Type.Integer({
          minimum: 1,
          maximum: 100,
          default: 3,
          description: 'Windows in a row below the low mark that end it.',
        }),
      },
      { additionalProperties: false, default: {}, description: 'When drift counts; the marks are the monitor’s.' },
    ),
    confirmedBy: Type.Array(Type.Enum([...monitors]), {
      default: ['prediction', 'performance'],
      uniqueItems: true,
      description: 'Monitors of which one must have drifted; others alone only warn.',
    }),
    agreeing: Type.Integer({
      minimum: 1,
      maximum: 4,
      default: 1,
      description: 'Monitors that must have drifted together, that one included.',
    }),
    approval: Type.Boolean({ default: false, description: 'Whether a person must agree to each retraining.' }),
    dryRun: Type.Boolean({ default: false, description: 'Writes down what would be done, and does nothing.' }),
    cooldownHours: Type.Number({ minimum: 0, maximum: 8_760, default: 24, description: 'Between two retrainings.' }),
    maxPerWeek: Type.Integer({ minimum: 0, maximum: 1_000, default: 2, description: 'Retrainings in seven days.' }),
    settleMinutes: Type.Number({
      minimum: 0,
      maximum: 10_080,
      default: 60,
      description: 'After an evacuation or a canary, how long windows still show it: a window’s length at least.',
    }),
    pollSeconds: Type.Number({
      minimum: 0.05,
      maximum: 3_600,
      default: 30,
      description: 'Between looks at a pipeline.',
    }),
    timeoutHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 720,
      default: 24,
      description: 'A new version must be there by then, and its canary must have begun as long after.',
    }),
    recoveryHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 720,
      default: 24,
      description: 'How long after promotion windows of the new version are awaited.',
    }),
    actions: Type.Array(ActionOptions, { default: [], description: 'What retrains. Without any, episodes only warn.' }),
  },
  { additionalProperties: false, description: 'What follows from drift; see docs/retraining.md.' },
);
export type RetrainOptions = Static<typeof RetrainOptions>;

/** `hooks`: who may tell the gateway what it cannot see itself. */
export const HookOptions = Type.Object(
  {
    tokens: Type.Array(
      Type.Object(
        {
          id: Type.String({
            pattern: '^[A-Za-z0-9_.-]{1,64}$',
            description: 'Shown in logs and episodes; not secret.',
          }),
          sha256: Type.String({
            pattern: '^[0-9a-f]{64}$',
            description: 'Hex SHA-256 of the token sent as `Authorization: Bearer`; the token is stored nowhere.',
          }),
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Without any, hooks are refused. Two at once let a token be replaced.' },
    ),
    topics: Type.Array(Type.String({ pattern: '^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$' }), {
      default: [],
      description: 'SNS topics whose messages are taken at /hooks/eventbridge, if SNS signed them. Beside a token.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'Who may post to `/hooks/…` of the admin listener.' },
);
export type HookOptions = Static<typeof HookOptions>;

/** Regions whose control planes these actions may ask. */
export function regionsOfActions(actions: readonly ActionOptions[]): readonly string[] {
  return actions.flatMap(action => (action.kind === 'webhook' ? [] : [action.region, ...action.otherRegions]));
}
