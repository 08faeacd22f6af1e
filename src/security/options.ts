import Type, { type Static } from 'typebox';
import { permissions } from '../core/operation.ts';
import { priorities } from '../core/priority.ts';

/** `auth.keys[]`: a caller's key, hashed or as a secret from the environment, and what it may do. */
export const ApiKeyOptions = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Shown in logs and metrics of the operator; not secret. The access key id of a pair.',
    }),
    sha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'Hex SHA-256 of the key; the key itself is stored nowhere. This or `secret`.',
      }),
    ),
    secret: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'The key itself, from the environment or a file: then AWS SDKs can sign with it as well.',
      }),
    ),
    tenant: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }),
    models: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'Models allowed. Default: all.' })),
    residency: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: 'Residency classes this key is bound to.' }),
    ),
  },
  { additionalProperties: false },
);
export type ApiKeyOptions = Static<typeof ApiKeyOptions>;

/** `admin.keys[]`: an operator's key, hashed. */
export const AdminKeyOptions = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    role: Type.Union([Type.Literal('viewer'), Type.Literal('operator')]),
    owners: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description:
          'Whose models (`models.NAME.owner`) it may ship and retrain: canaries, episodes, new versions. Default: everybody’s.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type AdminKeyOptions = Static<typeof AdminKeyOptions>;

/** `auth.issued`: what keys made by `meridian keys create` are kept with. */
export const IssuedKeysOptions = Type.Object(
  {
    encryptionKey: Type.String({
      minLength: 32,
      description: 'Encrypts the secrets at rest; the same for all replicas. From the environment or a file.',
    }),
    formerEncryptionKeys: Type.Array(Type.String({ minLength: 32 }), {
      default: [],
      description: 'Still read, no longer written with, while keys are rotated to the new one.',
    }),
  },
  { additionalProperties: false, description: 'Allows `meridian keys`.' },
);
export type IssuedKeysOptions = Static<typeof IssuedKeysOptions>;

/** `auth`: keys, or `none`, which must be written down. */
export const AuthOptions = Type.Union(
  [
    Type.Literal('none', { description: 'Everyone who reaches the data port may call every model.' }),
    Type.Object(
      {
        keys: Type.Array(ApiKeyOptions, { default: [] }),
        anonymous: Type.Boolean({
          default: false,
          description: 'As none, for calls without a known key: they count as the tenant anonymous.',
        }),
        issued: Type.Optional(IssuedKeysOptions),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'Who may call. Must be written down, even to be `none`.' },
);
export type AuthOptions = Static<typeof AuthOptions>;

/** `admin`: who may use the operator's side, and under which host names. */
export const AdminOptions = Type.Object(
  {
    keys: Type.Array(AdminKeyOptions, { default: [], description: 'Needed when the admin listener leaves loopback.' }),
    hosts: Type.Array(Type.String(), {
      default: [],
      description: 'Host names the admin listener answers to, beside loopback and its own address.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type AdminOptions = Static<typeof AdminOptions>;

const Mode = Type.Union([Type.Literal('enforce'), Type.Literal('observe')], {
  default: 'enforce',
  description: '`observe` counts what would be refused, and refuses nothing.',
});

/** `tenants.NAME`: what all keys of one tenant may do together. */
export const TenantOptions = Type.Object(
  {
    models: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'Models allowed. Default: all.' })),
    operations: Type.Optional(
      Type.Array(Type.Enum([...permissions]), { minItems: 1, description: 'What it may do with them. Default: all.' }),
    ),
    priority: Type.Enum([...priorities], {
      default: 'normal',
      description: 'When not everybody can be served: sheddable calls are refused first, critical ones last.',
    }),
    requests: Type.Optional(
      Type.Object(
        {
          perSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Fleet-wide, on average.' }),
          burst: Type.Optional(
            Type.Integer({ minimum: 1, description: 'At once, after a pause. Default: one second’s worth.' }),
          ),
          mode: Mode,
        },
        { additionalProperties: false, description: 'How often it may call.' },
      ),
    ),
    concurrency: Type.Optional(
      Type.Object(
        { max: Type.Integer({ minimum: 1, description: 'Fleet-wide; each replica takes its share.' }), mode: Mode },
        { additionalProperties: false, description: 'How many of its calls may be under way.' },
      ),
    ),
    budget: Type.Optional(
      Type.Object(
        {
          usdPerDay: Type.Number({
            exclusiveMinimum: 0,
            description: 'What its calls may cost from midnight to midnight, UTC, always-on capacity included.',
          }),
          mode: Mode,
        },
        { additionalProperties: false, description: 'How much it may spend.' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type TenantOptions = Static<typeof TenantOptions>;
