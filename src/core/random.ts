/** A uniform draw from [0, 1). Passed in wherever chance decides, so that tests and the simulator can seed it. */
export type Random = () => number;

/** Not for secrets. */
export const systemRandom: Random = Math.random;

/** mulberry32: 32-bit seeded generator (Tommy Ettinger, public domain), good enough for routing dice and fixtures. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
