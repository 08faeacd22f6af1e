/** What a caller may want of a model; a protocol that brings another kind adds its word here. */
export const operations = ['invoke', 'stream'] as const;
/** One of them. */
export type Operation = (typeof operations)[number];
