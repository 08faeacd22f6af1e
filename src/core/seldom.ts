import type { Clock } from './clock.ts';

/** Tells of a fault that lasts. @param key what it is a fault of: of each it is told by itself */
export type TellSeldom = (key: string, message: string) => void;

/** Tells once in so long, ms, however often it is asked. */
export function seldom(
  { clock, warn }: { readonly clock: Pick<Clock, 'now'>; warn(message: string): void },
  everyMs = 60_000,
): TellSeldom {
  const toldAt = new Map<string, number>();
  return (key, message) => {
    const now = clock.now();
    for (const [each, at] of toldAt) if (now - at >= everyMs) toldAt.delete(each);
    if (toldAt.has(key)) return;
    toldAt.set(key, now);
    warn(message);
  };
}
