import type { Clock } from '../clock.ts';

const minuteMs = 60_000;

/** Requests per minute of one account and id in one region: a bucket that refills evenly. */
export function createQuotas(clock: Clock): { take(key: string, perMinute: number): boolean } {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take: (key, perMinute) => {
      const now = clock.now();
      const known = buckets.get(key) ?? { left: perMinute, at: now };
      const left = Math.min(perMinute, known.left + ((now - known.at) / minuteMs) * perMinute);
      buckets.set(key, { left: left >= 1 ? left - 1 : left, at: now });
      return left >= 1;
    },
  };
}
