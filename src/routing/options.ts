import Type, { type Static } from 'typebox';
import { policyNames } from '../core/model.ts';

/** `models.NAME.routing`. */
export const RoutingOptions = Type.Object(
  {
    policy: Type.Enum(policyNames, { default: 'lowest-latency' }),
    costWeight: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.3,
      description: 'Policy `balanced`: 0 latency only, 1 cost only.',
    }),
    residency: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: 'Residency classes allowed. Default: any.' }),
    ),
    warmShare: Type.Number({
      minimum: 0,
      maximum: 0.2,
      default: 0.01,
      description: 'Share of calls that keeps otherwise idle targets warm; 0 turns it off.',
    }),
    warmServerless: Type.Boolean({
      default: false,
      description: 'Whether that share may wake serverless targets, which costs.',
    }),
    splitByTenant: Type.Boolean({
      default: false,
      description: 'Key the version split by tenant when nothing else is sticky.',
    }),
    queueMs: Type.Integer({
      minimum: 0,
      maximum: 50,
      default: 50,
      description: 'Wait for a slot when every target is full.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type RoutingOptions = Static<typeof RoutingOptions>;
