import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';

/** A small object as text; undefined when there is none. */
export async function readText(store: ObjectStore, place: ObjectPlace): Promise<string | undefined> {
  const found = await store.get(place);
  if (found === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of found.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
