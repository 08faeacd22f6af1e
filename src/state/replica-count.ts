import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';

/** The shared place where replicas show that they live. */
export interface HeartbeatLink {
  readonly up: boolean;
  /** Marks `id` as alive for `forMs` and resolves to how many replicas are. Rejects while the place is down. */
  beat(id: string, forMs: number): Promise<number>;
  /** Takes `id` out at once. */
  leave(id: string): Promise<void>;
  /** Called when the place came up; returns a way to stop. */
  onUp(listener: () => void): () => void;
}

export interface ReplicaCount {
  /** Replicas that share the fleet's limits, at least 1; `configured` until the shared place has told. */
  count(configured: number): number;
  close(): Promise<void>;
}

const beatEveryMs = 5_000;
/** Two beats may be lost. */
const aliveForMs = 3 * beatEveryMs;

/**
 * Counts the replicas by their heartbeats. While the shared place cannot be asked, the greater of what it told last and
 * of the config holds: to take too small a share is slow, to take too large a one harms the targets.
 */
export function countReplicas(link: HeartbeatLink, id: string, ports: { clock: Clock; random: Random }): ReplicaCount {
  const { clock, random } = ports;
  let told: number | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  const beat = async () => {
    if (!link.up) return;
    try {
      const count = await link.beat(id, aliveForMs);
      if (!(count >= 1)) return; // not a number that a fleet with this replica in it can have
      told = count;
      toldAt = clock.now();
    } catch {
      // The link reports its own failures; the count ages.
    }
  };
  const stops = [link.onUp(beat), clock.every(beatEveryMs * (0.9 + 0.2 * random()), beat)];
  return {
    count: configured => {
      if (told === undefined) return configured;
      return clock.now() - toldAt <= aliveForMs ? told : Math.max(told, configured);
    },
    close: async () => {
      for (const stop of stops) stop();
      if (link.up) await link.leave(id).catch(() => undefined);
    },
  };
}
