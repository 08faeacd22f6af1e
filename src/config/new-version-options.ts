import Type, { type Static } from 'typebox';

const Pattern = '^(?=.*[{]number[}])[a-zA-Z0-9{][a-zA-Z0-9{}-]{0,70}$';

/** `models.NAME.newVersions`. */
export const NewVersionOptions = Type.Object(
  {
    packageGroup: Type.String({
      pattern: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
      description: 'Of the model registry: its approved packages become versions of this model.',
    }),
    name: Type.String({
      pattern: Pattern,
      default: 'r{number}',
      description: 'What a new version is called; `{number}` is the package’s version.',
    }),
    like: Type.Optional(
      Type.String({
        description: 'The version whose targets it copies, prices and limits included. Default: the first.',
      }),
    ),
    endpoint: Type.String({ pattern: Pattern, description: 'Where it runs, in each region of those targets.' }),
    variant: Type.Optional(
      Type.String({ pattern: Pattern, description: 'Production variant, where versions share an endpoint.' }),
    ),
    keep: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 5,
      description: 'New versions kept beside those in use; older ones are forgotten.',
    }),
    canary: Type.Boolean({ default: true, description: 'Starts the canary of a new version by itself.' }),
  },
  {
    additionalProperties: false,
    description:
      'How packages that are approved in SageMaker’s model registry become versions; see docs/retraining.md.',
  },
);
export type NewVersionOptions = Static<typeof NewVersionOptions>;
