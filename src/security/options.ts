import Type, { type Static } from 'typebox';

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
