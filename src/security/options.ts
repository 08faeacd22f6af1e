import Type, { type Static } from 'typebox';

/** `auth.keys[]`: a caller's key, hashed, and what it may do. */
export const ApiKeyOptions = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Shown in logs and metrics of the operator; not secret.',
    }),
    sha256: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Hex SHA-256 of the key; the key itself is stored nowhere.',
    }),
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

/** `auth`: keys, or `none`, which must be written down. */
export const AuthOptions = Type.Union(
  [
    Type.Literal('none', { description: 'Everyone who reaches the data port may call every model.' }),
    Type.Object({ keys: Type.Array(ApiKeyOptions, { minItems: 1 }) }, { additionalProperties: false }),
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
