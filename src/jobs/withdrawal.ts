import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import { GatewayError } from '../core/errors.ts';

/** Leaves word for whoever works on it; resolves to whether any region has it. */
export async function mark(store: ObjectStore, marks: readonly ObjectPlace[], replica: string): Promise<boolean> {
  const written = await Promise.allSettled(marks.map(place => store.put(place, Buffer.from(replica), 'text/plain')));
  return written.some(({ status }) => status === 'fulfilled');
}

/** Whether word was left in any region that answers: the others may have been away when it was. */
export async function isMarked(store: ObjectStore, marks: readonly ObjectPlace[]): Promise<boolean> {
  const found = await Promise.allSettled(marks.map(place => store.look(place)));
  return found.some(one => one.status === 'fulfilled' && one.value !== undefined);
}

/** A cancellation that its owner does not hear of must not be called one. */
export function notNoted(): GatewayError {
  return new GatewayError('upstream-failed', 'No region took note of it: repeat the call later.');
}
