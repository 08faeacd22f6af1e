import Type, { type Static } from 'typebox';

/** One token bucket per process: Finagle's RetryBudget shape, with the fleet's minimum divided by the replicas. */
export const RetryBudgetOptions = Type.Object(
  {
    ratio: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.2,
      description: 'Retries earned by each accepted request.',
    }),
    perSecond: Type.Number({ minimum: 0, default: 3, description: 'Retries earned each second, fleet-wide.' }),
  },
  { additionalProperties: false, default: {} },
);
export type RetryBudgetOptions = Static<typeof RetryBudgetOptions>;
