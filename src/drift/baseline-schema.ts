import Type, { type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** Of a feature, beside the one for all that is not named: what replicas tell each other holds no more. */
export const mostBins = 1_000;

/** Past it whole numbers are none any more, and what is computed of them need be no number. */
const count = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Common = Type.Object({ num_present: count, num_missing: count });
/** Past it squares are no numbers, and a difference of two values need be none. */
export const largestFigure = 1e150;
const Finite = Type.Number({ minimum: -largestFigure, maximum: largestFigure });
/** AWS writes what is no number, as of empty columns, as text. */
const Figure = Type.Union([Finite, Type.Enum(['NaN', 'Infinity', '-Infinity'])]);

/** `statistics.json` of Model Monitor, as far as it is read; more may be there. */
export const StatisticsFile = Type.Object({
  version: Type.Literal(0),
  dataset: Type.Optional(Type.Object({ item_count: count })),
  features: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      inferred_type: Type.Enum(['Fractional', 'Integral', 'String', 'Unknown']),
      numerical_statistics: Type.Optional(
        Type.Object({
          common: Common,
          mean: Type.Optional(Figure),
          std_dev: Type.Optional(Figure),
          min: Type.Optional(Figure),
          max: Type.Optional(Figure),
          distribution: Type.Optional(
            Type.Object({
              kll: Type.Optional(
                Type.Object({
                  buckets: Type.Optional(
                    Type.Array(Type.Object({ lower_bound: Figure, upper_bound: Figure, count }), {
                      maxItems: mostBins,
                    }),
                  ),
                }),
              ),
            }),
          ),
        }),
      ),
      string_statistics: Type.Optional(
        Type.Object({
          common: Common,
          distinct_count: Type.Optional(count),
          distribution: Type.Optional(
            Type.Object({
              categorical: Type.Optional(
                Type.Object({ buckets: Type.Array(Type.Object({ value: Type.String(), count })) }),
              ),
            }),
          ),
        }),
      ),
    }),
    { maxItems: 1_000 },
  ),
});
export type StatisticsFile = Static<typeof StatisticsFile>;

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Switch = Type.Enum(['Enabled', 'Disabled']);

/** `constraints.json` of Model Monitor, as far as it is read; its older key `comparion_method` is one of AWS's own. */
export const ConstraintsFile = Type.Object({
  version: Type.Literal(0),
  features: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      inferred_type: Type.Enum(['Fractional', 'Integral', 'String', 'Unknown']),
      completeness: Type.Optional(Share),
      num_constraints: Type.Optional(Type.Object({ is_non_negative: Type.Optional(Type.Boolean()) })),
      string_constraints: Type.Optional(Type.Object({ domains: Type.Optional(Type.Array(Type.String())) })),
    }),
    { maxItems: 1_000 },
  ),
  monitoring_config: Type.Optional(
    Type.Object({
      evaluate_constraints: Type.Optional(Switch),
      emit_metrics: Type.Optional(Switch),
      datatype_check_threshold: Type.Optional(Share),
      domain_content_threshold: Type.Optional(Share),
      distribution_constraints: Type.Optional(
        Type.Object({
          perform_comparison: Type.Optional(Switch),
          comparison_threshold: Type.Optional(Type.Number()),
          comparison_method: Type.Optional(Type.Enum(['Simple', 'Robust'])),
          comparion_method: Type.Optional(Type.Enum(['Simple', 'Robust'])),
          categorical_comparison_threshold: Type.Optional(Type.Number()),
          categorical_drift_method: Type.Optional(Type.Enum(['LInfinity', 'ChiSquared'])),
        }),
      ),
    }),
  ),
});
export type ConstraintsFile = Static<typeof ConstraintsFile>;

const Numeric = Type.Object({
  kind: Type.Literal('numeric'),
  name: Type.String(),
  integral: Type.Boolean(),
  edges: Type.Array(Finite, { maxItems: mostBins }),
  counts: Type.Array(count),
  missing: count,
  min: Finite,
  max: Finite,
  mean: Finite,
  deviation: Type.Number({ minimum: 0, maximum: largestFigure }),
});
const Text = Type.Object({
  kind: Type.Literal('text'),
  name: Type.String(),
  values: Type.Array(Type.String(), { uniqueItems: true, maxItems: mostBins }),
  counts: Type.Array(count),
  missing: count,
});
const Opaque = Type.Object({ kind: Type.Literal('opaque'), name: Type.String(), present: count, missing: count });
const AnyFeature = Type.Union([Numeric, Text, Opaque]);

const Loss = Type.Number({ minimum: 0 });
/** A measure of another name would never be looked at. */
const Measures = Type.Object(
  {
    accuracy: Type.Optional(Share),
    auc: Type.Optional(Share),
    f1: Type.Optional(Share),
    mae: Type.Optional(Loss),
    rmse: Type.Optional(Loss),
    positives: Type.Optional(Share),
    'error-variance': Type.Optional(Loss),
  },
  { additionalProperties: false },
);

/** `baseline.json`: what the gateway itself compares with. */
export const BaselineFile = Type.Object({
  version: Type.Literal(1),
  records: count,
  features: Type.Array(AnyFeature, { maxItems: 1_000 }),
  prediction: Type.Optional(AnyFeature),
  performance: Type.Optional(
    Type.Object({ truths: Type.Number({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), measures: Measures }),
  ),
});
export type BaselineFile = Static<typeof BaselineFile>;

/** What is wrong with a file, each with where in it. */
export type Problems = readonly string[];

/** A text as what the schema says, or what is wrong with it. A member that is null is as one that is not there. */
export function decode<S extends TSchema>(schema: S, text: string): { value: Static<S> } | { problems: Problems } {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text, withoutNull);
  } catch (error) {
    return { problems: [`is not valid JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  if (Value.Check(schema, value)) return { value };
  const problems = [...Value.Errors(schema, value)]
    .slice(0, mostProblems)
    .map(({ instancePath, message }) => `${instancePath === '' ? 'the file' : instancePath}: ${message}`);
  return { problems: problems.length === 0 ? ['is not of this form'] : problems };
}

const mostProblems = 5;

/** Of a list null is no member that is not there: to leave it out would move the others, or leave a hole. */
function withoutNull(this: unknown, _: string, each: unknown): unknown {
  return each ?? (Array.isArray(this) ? null : undefined);
}
