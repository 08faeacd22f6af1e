import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import type { Clock } from '../core/clock.ts';
import type { JobsOptions } from './options.ts';
import { readText } from './read-text.ts';

/** Between two heartbeats. */
export const beatMs = 60_000;
/** A replica that was not heard of for this long is gone; clocks of replicas may differ by a minute or two. */
const goneMs = 5 * beatMs;

/** Which replicas are alive, by what they write into the buckets: Redis may be down, or not there. */
export interface Heartbeats {
  /** Writes this replica's own. */
  beat(): Promise<void>;
  /** Whether a replica stopped writing. Not when no bucket answers, for then nobody knows. */
  isGone(replica: string): Promise<boolean>;
}

/** Every bucket holds one small object per replica. */
export function createHeartbeats(ports: {
  readonly clock: Clock;
  readonly store: ObjectStore;
  readonly replica: string;
  options(): JobsOptions | undefined;
}): Heartbeats {
  const { clock, store, replica: self } = ports;
  const placesOf = (replica: string): ObjectPlace[] => {
    const { buckets = {}, prefix = '' } = ports.options() ?? {};
    return Object.entries(buckets).map(([region, bucket]) => ({ region, bucket, key: `${prefix}replicas/${replica}` }));
  };
  return {
    beat: async () => {
      const now = Buffer.from(String(clock.wallMs()));
      await Promise.allSettled(placesOf(self).map(place => store.put(place, now, 'text/plain')));
    },
    isGone: async replica => {
      const seen = await Promise.allSettled(placesOf(replica).map(place => readText(store, place)));
      const answers = seen.flatMap(one => (one.status === 'fulfilled' ? [Number(one.value ?? 0)] : []));
      return answers.length > 0 && clock.wallMs() - Math.max(...answers) > goneMs;
    },
  };
}
