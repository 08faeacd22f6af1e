import type { Usage } from '../../core/result.ts';

/** What a generation says once it is over. */
export interface Ending {
  /** As Converse has it. */
  readonly stopReason: string;
  /** Where both counts are told: servers tell the prompt's only in streams. */
  readonly usage: Usage | undefined;
}

/** A piece of a generation, and its end with the last one. */
export interface Piece {
  readonly text: string;
  readonly ending: Ending | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** A whole answer: an object, or a list of one. Undefined when it is none. */
export function generatedOf(value: unknown): Piece | undefined {
  const { generated_text: text, details } = objectOf(Array.isArray(value) ? value[0] : value);
  return typeof text === 'string' ? { text, ending: endingOf(details) } : undefined;
}

/** One event of a stream; the last one holds the whole text as well. Undefined when it is none. */
export function pieceOf({ token, generated_text: whole, details }: Json): Piece | undefined {
  const { text, special } = objectOf(token);
  if (typeof text !== 'string') return undefined;
  const over = typeof whole === 'string';
  return { text: special === true ? '' : text, ending: over ? endingOf(details) : undefined };
}

function endingOf(details: unknown): Ending {
  const { finish_reason: reason, generated_tokens: outputTokens, input_length: inputTokens } = objectOf(details);
  const counted = typeof inputTokens === 'number' && typeof outputTokens === 'number';
  return {
    stopReason: reason === 'length' ? 'max_tokens' : 'end_turn',
    usage: counted ? { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0 } : undefined,
  };
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
