import type { Clock } from '../core/clock.ts';

const tickMs = 250;
/** Later than this, the loop was stuck: health checks should send traffic elsewhere until it keeps time again. */
const stuckMs = 2_000;
const calmTicks = 4;

/** Watches whether timers come on time. `stuck` holds from a tick that came far too late until a second of good ones. */
export function watchEventLoop(clock: Clock): { stuck(): boolean; stop(): void } {
  let lastTick = clock.now();
  let calm = calmTicks;
  const stop = clock.every(tickMs, () => {
    const late = clock.now() - lastTick > stuckMs;
    lastTick = clock.now();
    calm = late ? 0 : Math.min(calmTicks, calm + 1);
  });
  return { stuck: () => calm < calmTicks || clock.now() - lastTick > stuckMs, stop };
}
