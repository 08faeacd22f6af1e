import Type, { type Static } from 'typebox';

/** `log`: where lines go and which. */
export const LogOptions = Type.Object(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], { default: 'info' }),
    file: Type.Optional(Type.String({ minLength: 1, description: 'Default: standard output.' })),
    sampleRate: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: 'Share of plain successes logged; failures, fallbacks and second attempts always are.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type LogOptions = Static<typeof LogOptions>;
