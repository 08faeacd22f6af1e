import Type, { type Static } from 'typebox';

const Pointer = '^(/([^~/]|~[01])*)*$';

/** `models.NAME.monitor.payload`: where features and predictions stand in what goes in and out. */
export const PayloadOptions = Type.Object(
  {
    instances: Type.String({
      pattern: Pointer,
      default: '/instances',
      description: 'JSON pointer (RFC 6901) to the list of instances; empty when the body is the list.',
    }),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 1_000,
        description: 'Names of the features, in order: for CSV without a header and for instances that are arrays.',
      }),
    ),
    csvHeader: Type.Enum(['auto', 'present', 'absent'], {
      default: 'auto',
      description:
        '`auto`: a first line of which every cell is one of `columns` is a header; without `columns` it is one.',
    }),
    predictions: Type.String({
      pattern: Pointer,
      default: '/predictions',
      description: 'JSON pointer to the list of predictions; empty when the answer is the list.',
    }),
    prediction: Type.String({
      pattern: Pointer,
      default: '',
      description: 'JSON pointer within one prediction, to a number or a text; `/0` is the first column of CSV.',
    }),
    threshold: Type.Optional(
      Type.Number({
        description: 'A prediction is a probability, and stands for label 1 from here on, for 0 below.',
      }),
    ),
    maxInstances: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 1_000,
      description: 'Instances looked at per call; the rest are passed over.',
    }),
    maxFeatures: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 200,
      description: 'Features looked at per instance; the rest are passed over.',
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Where features and predictions stand in what goes in and out.',
  },
);
/** Its resolved form. */
export type PayloadOptions = Static<typeof PayloadOptions>;
