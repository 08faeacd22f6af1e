import { objectAt, Untranslatable } from '../untranslatable.ts';

/** Names and values of Bedrock's request metadata (service model of Bedrock Runtime). */
const names = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const values = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;
const mostEntries = 16;

/** A value as Bedrock's request metadata takes it; anything else is refused. */
export function metadataTextAt(field: string, value: unknown): string {
  if (typeof value === 'string' && values.test(value)) return value;
  throw new Untranslatable(field, 'must be up to 256 letters, digits, spaces or :_@$#=/+,.- with this model.');
}

/** What a chat completion says of its caller, as Bedrock's request metadata. Throws `Untranslatable`. */
export function metadataOf(chat: Readonly<Record<string, unknown>>): Record<string, string> {
  const told =
    chat['metadata'] === undefined || chat['metadata'] === null ? {} : objectAt('metadata', chat['metadata']);
  const entries = Object.entries(told).map(([name, value]): [string, string, unknown] => [
    `metadata.${name}`,
    name,
    value,
  ]);
  for (const field of ['user', 'safety_identifier'])
    if (chat[field] !== undefined && chat[field] !== null) entries.push([field, field, chat[field]]);
  if (entries.length > mostEntries)
    throw new Untranslatable('metadata', `may have ${mostEntries} entries with this model, user among them.`);
  const said = new Map<string, string>();
  for (const [field, name, value] of entries) {
    if (!names.test(name))
      throw new Untranslatable(field, 'names are 1 to 256 letters, digits, spaces or :_@$#=/+,.- with this model.');
    if (said.has(name)) throw new Untranslatable(field, 'is in metadata as well: say it once.');
    said.set(name, metadataTextAt(field, value));
  }
  return Object.fromEntries(said);
}
