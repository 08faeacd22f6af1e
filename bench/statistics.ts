/** The value below which the share `p` (0 to 1) of the samples lies: nearest rank. NaN for none. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle sample, or the mean of the two in the middle. NaN for none. */
export function median(samples: readonly number[]): number {
  return (
    (percentile(samples, 0.5) +
      -percentile(
        samples.map(sample => -sample),
        0.5,
      )) /
    2
  );
}

/** Slope of y over x that a minority of outliers cannot move: the median of all pairs' slopes (Theil 1950, Sen 1968). */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x1, y1], i) =>
    points.slice(i + 1).flatMap(([x2, y2]) => (x2 === x1 ? [] : [(y2 - y1) / (x2 - x1)])),
  );
  return median(slopes);
}

/** Exponential gaps of a Poisson stream, as times since its start, ms. The same seed gives the same stream. */
export function arrivals(perSecond: number, seconds: number, seed: number): number[] {
  const random = mulberry32(seed);
  const times: number[] = [];
  for (let at = 0; times.length < perSecond * seconds; times.push(at))
    at -= (Math.log(1 - random()) * 1_000) / perSecond;
  return times;
}

/** Tommy Ettinger's mulberry32: uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
