import { integerAt, knownOnly, listAt, textAt, Untranslatable } from '../untranslatable.ts';
import { metadataTextAt } from './metadata.ts';

const longestList = 2_048;

/** The texts an embeddings request asks about, and how many numbers each answer is to have. Throws `Untranslatable`. */
export function embeddingsAsked(asked: Readonly<Record<string, unknown>>): {
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  readonly base64: boolean;
  readonly user: string | undefined;
} {
  knownOnly('', asked, ['model', 'input', 'encoding_format', 'dimensions', 'user']);
  const { input, user } = asked;
  const format = asked['encoding_format'] ?? 'float';
  const dimensions = asked['dimensions'] ?? undefined;
  if (format !== 'float' && format !== 'base64')
    throw new Untranslatable('encoding_format', 'must be float or base64.');
  const texts = typeof input === 'string' ? [input] : listAt('input', input);
  if (texts.length === 0 || texts.length > longestList)
    throw new Untranslatable('input', `must hold 1 to ${longestList} texts.`);
  return {
    texts: texts.map((text, index) => textAt(`input[${index}]`, text)),
    dimensions: dimensions === undefined ? undefined : integerAt('dimensions', dimensions, 1, 65_536),
    base64: format === 'base64',
    user: user === undefined || user === null ? undefined : metadataTextAt('user', user),
  };
}

/** An embeddings answer of one vector for each text, in their order. */
export function embeddingsAnswer(
  vectors: readonly (readonly number[])[],
  inputTokens: number,
  { model, base64 }: { readonly model: string; readonly base64: boolean },
): object {
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: base64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector,
  }));
  return { object: 'list', data, model, usage: { prompt_tokens: inputTokens, total_tokens: inputTokens } };
}
