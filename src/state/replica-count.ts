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

/** How many replicas there are. */
export interface ReplicaCount {
  /** Replicas that share the fleet's limits, at least 1; `configured` until the shared place has told. */
  count(configured: number): number;
  close(): Promise<void>;
}

const beatEveryMs = 5_000;
/** As many as `replicas` may say; more are somebody's mistake. */
const largestFleet = 10_000;
/** Two beats may be lost. */
const aliveForMs = 3 * beatEveryMs;

/** What counting needs of the rest. */
export interface ReplicaCountPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Told once of each way in which the shared place refuses heartbeats. */
  warn(message: string): void;
}

/**
 * Counts the replicas by their heartbeats. A greater count holds at once, a smaller one only when none greater was heard
 * for as long as a heartbeat counts: a shared place that lost its memory hears from the replicas one by one. While it
 * cannot be asked, the greater of what it told last and of the config holds. To take too small a share is slow, to take
 * too large a one harms the targets.
 */
export function countReplicas(link: HeartbeatLink, id: string, ports: ReplicaCountPorts): ReplicaCount {
  const { clock, random, warn } = ports;
  let heard: readonly { readonly count: number; readonly at: number }[] = [];
  let told: number | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  let complaint = '';
  const beat = async () => {
    if (!link.up) return;
    try {
      const count = await link.beat(id, aliveForMs);
      if (!(count >= 1 && count <= largestFleet)) throw new Error(`${count} is no number of replicas`);
      toldAt = clock.now();
      heard = [...heard.filter(({ at }) => toldAt - at < aliveForMs), { count, at: toldAt }];
      told = Math.max(...heard.map(each => each.count));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!link.up || message === complaint) return; // that it went away the link reports itself
      complaint = message;
      warn(`replicas cannot be counted in Redis, and the config's number holds: ${message}`);
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
