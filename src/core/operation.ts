/**
 * What a caller may ask of a model, whichever protocol it spoke: `invoke` carries bytes of the model's own format; the
 * others have a format of their own.
 */
export const operations = ['invoke', 'converse', 'count-tokens', 'chat', 'embeddings', 'infer'] as const;

/** One of `operations`. */
export type Operation = (typeof operations)[number];

/** What a tenant may be allowed: the operations, `stream` for `invoke` answered event by event, `queue` for answers later. */
export const permissions = [...operations, 'stream', 'queue'] as const;
/** One of `permissions`. */
export type Permission = (typeof permissions)[number];
