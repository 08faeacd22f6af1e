import type { ObjectPlace, ObjectStore, Upload } from '../backends/object-store.ts';
import { type Part, partsHeld, partsOf } from './parts.ts';

/** One region's copy while it is being written. */
interface Copy {
  readonly place: ObjectPlace;
  upload: Upload | undefined;
  failure: unknown;
}

/** What became of an upload: the places that hold the whole payload, and why others do not. */
export interface Uploaded {
  readonly bytes: number;
  readonly whole: readonly ObjectPlace[];
  readonly failures: readonly { readonly region: string; readonly reason: string }[];
}

/**
 * Writes a payload to several places at once, part by part, at most four parts in memory. A place that fails is dropped
 * and the others go on. Rejects with what broke the payload itself off; nothing readable is left then.
 */
export async function uploadTo(
  store: ObjectStore,
  places: readonly ObjectPlace[],
  contentType: string,
  chunks: AsyncIterable<Buffer>,
): Promise<Uploaded> {
  const copies: Copy[] = places.map(place => ({ place, upload: undefined, failure: undefined }));
  const sending = new Set<Promise<void>>();
  let bytes = 0;
  try {
    let number = 0;
    for await (const part of partsOf(chunks)) {
      if (alive(copies).length === 0) break;
      bytes += part.bytes.length;
      number += 1;
      if (number === 1 && part.last) {
        await each(copies, ({ place }) => store.put(place, part.bytes, contentType));
        break;
      }
      if (number === 1) await each(copies, async copy => (copy.upload = await store.upload(copy.place, contentType)));
      const sent = sendPart(copies, number, part).then(() => void sending.delete(sent));
      sending.add(sent);
      // One part is being filled while the others are on their way.
      while (sending.size > partsHeld - 1) await Promise.race(sending);
    }
    await Promise.all(sending);
    await each(copies, async ({ upload }) => upload?.complete());
  } catch (error) {
    await Promise.allSettled(sending);
    await Promise.all(copies.map(({ upload }) => upload?.abort()));
    throw error;
  }
  const failed = copies.filter(({ failure }) => failure !== undefined);
  await Promise.all(failed.map(({ upload }) => upload?.abort()));
  return {
    bytes,
    whole: alive(copies).map(({ place }) => place),
    failures: failed.map(({ place, failure }) => ({ region: place.region, reason: String(failure) })),
  };
}

function alive(copies: readonly Copy[]): readonly Copy[] {
  return copies.filter(({ failure }) => failure === undefined);
}

/** Does the same for every copy that has not failed; one that fails at it is out. */
async function each(copies: readonly Copy[], work: (copy: Copy) => Promise<unknown>): Promise<void> {
  await Promise.all(
    alive(copies).map(copy =>
      work(copy).catch((error: unknown) => {
        copy.failure = error;
      }),
    ),
  );
}

async function sendPart(copies: readonly Copy[], number: number, part: Part): Promise<void> {
  await each(copies, async ({ upload }) => upload?.part(number, part.bytes));
  part.free();
}
