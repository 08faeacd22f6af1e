import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { BookPorts, Work, WorkKind } from './book.ts';
import { readText } from './read-text.ts';

/** How long the other buckets have once one gave a record: a region that was away may hold an older one. */
const otherCopiesMs = 2_000;

/** Of a record that was never saved again: 0. */
export function revisionOf({ revision = 0 }: Pick<Work, 'revision'>): number {
  return revision;
}

/**
 * A work's newest record that is found soon; undefined when all buckets say that there is none. Rejects when it may be in
 * one that does not answer.
 */
export async function readNewest<W extends Work>(
  kind: WorkKind<W>,
  { store, clock, options }: BookPorts,
  id: string,
): Promise<W | undefined> {
  const known = options();
  if (known === undefined) return undefined;
  const places = Object.keys(known.buckets).map(region => kind.record(known, region, id));
  return newestFound(
    places.map(place => readRecord(kind, store, place)),
    clock,
  );
}

/** The newest of those that are there; undefined when all say that there is none. Rejects when some could not be asked. */
async function newestFound<W extends Work>(
  answers: readonly Promise<W | undefined>[],
  clock: Clock,
): Promise<W | undefined> {
  let newest: W | undefined;
  let failure: { readonly error: unknown } | undefined;
  const late = Promise.withResolvers<void>();
  let cancel: Cancel | undefined;
  const heard = answers.map(async answer => {
    try {
      const work = await answer;
      if (work === undefined) return;
      cancel ??= clock.after(otherCopiesMs, late.resolve);
      if (newest === undefined || revisionOf(work) > revisionOf(newest)) newest = work;
    } catch (error) {
      failure = { error };
    }
  });
  await Promise.race([Promise.all(heard), late.promise]);
  cancel?.();
  if (newest === undefined && failure !== undefined) throw failure.error;
  return newest;
}

async function readRecord<W extends Work>(
  { decode }: WorkKind<W>,
  store: ObjectStore,
  place: ObjectPlace,
): Promise<W | undefined> {
  const text = await readText(store, place);
  return text === undefined ? undefined : decode(text);
}

/** Brings the records up to date where that can be done now: one left behind only makes work be done again. */
export async function writeRecord<W extends Work>(kind: WorkKind<W>, ports: BookPorts, work: W): Promise<void> {
  const { store, warn } = ports;
  const options = ports.options();
  if (options === undefined) return;
  const bytes = Buffer.from(JSON.stringify(work));
  const copies = work.copies.filter(region => Object.hasOwn(options.buckets, region));
  await Promise.all(
    copies.map(region =>
      store
        .put(kind.record(options, region, work.id), bytes, 'application/json')
        .catch((error: unknown) =>
          warn(`the record of ${kind.name} ${work.id} in ${region} is out of date: ${String(error)}`),
        ),
    ),
  );
}
