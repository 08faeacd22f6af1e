/** Eight buckets per doubling: a quantile is never more than 9 % above the truth. */
const bucketsPerDoubling = 8;
const smallestMs = 0.5;
/** 0.5 ms × 2^21 is 17 minutes, more than the longest deadline. */
const buckets = 21 * bucketsPerDoubling + 1;
/** A quantile is worked out again at most this often once there is plenty to go by. */
const refreshMs = 1_000;
const fewSamples = 64;

interface Window {
  readonly counts: Uint32Array;
  total: number;
  lowestMs: number;
}

/** Of the answers in the window, ms. */
export interface Quantiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/**
 * Durations of the last one to two windows in logarithmic buckets. Recording allocates nothing. Time moves it on only
 * when something is recorded, so that an idle target keeps what was last known of it. Times are monotonic ms.
 */
export interface Histogram {
  record(durationMs: number, now: number): void;
  /** Upper edges of the buckets that hold the quantiles; all 0 while empty. The object is reused and updated. */
  quantiles(now: number): Quantiles;
  /** Fastest in the windows, ms; 0 while empty. */
  lowestMs(): number;
  samples(): number;
}

/** Forgets what is older than `windowMs`, in steps. */
export function createHistogram(windowMs: number): Histogram {
  let current = emptyWindow();
  let previous = emptyWindow();
  let startedAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.NEGATIVE_INFINITY;
  const known = { p50Ms: 0, p95Ms: 0, p99Ms: 0 };

  const rotate = (now: number) => {
    if (now - startedAt < windowMs) return;
    const idle = now - startedAt >= 2 * windowMs;
    [current, previous] = [previous, current];
    clear(current);
    if (idle) clear(previous);
    startedAt = now;
  };
  const samples = () => current.total + previous.total;

  return {
    record: (durationMs, now) => {
      rotate(now);
      const bucket = bucketOf(durationMs);
      current.counts[bucket] = (current.counts[bucket] ?? 0) + 1;
      current.total += 1;
      if (durationMs < current.lowestMs) current.lowestMs = durationMs;
      if (samples() <= fewSamples) refreshAt = Number.NEGATIVE_INFINITY;
    },
    quantiles: now => {
      if (now < refreshAt) return known;
      refreshAt = now + refreshMs;
      return computeQuantiles(current, previous, known);
    },
    lowestMs: () => (samples() === 0 ? 0 : Math.min(current.lowestMs, previous.lowestMs)),
    samples,
  };
}

function emptyWindow(): Window {
  return { counts: new Uint32Array(buckets), total: 0, lowestMs: Number.POSITIVE_INFINITY };
}

function clear(window: Window): void {
  window.counts.fill(0);
  window.total = 0;
  window.lowestMs = Number.POSITIVE_INFINITY;
}

function bucketOf(durationMs: number): number {
  if (!(durationMs > smallestMs)) return 0;
  return Math.min(buckets - 1, Math.ceil(Math.log2(durationMs / smallestMs) * bucketsPerDoubling));
}

function upperEdgeMs(bucket: number): number {
  return smallestMs * 2 ** (bucket / bucketsPerDoubling);
}

/** One pass over both windows fills in all three. */
function computeQuantiles(a: Window, b: Window, into: { p50Ms: number; p95Ms: number; p99Ms: number }): Quantiles {
  const total = a.total + b.total;
  let seen = 0;
  for (let bucket = 0; bucket < buckets && seen < total; bucket += 1) {
    const before = seen;
    seen += (a.counts[bucket] ?? 0) + (b.counts[bucket] ?? 0);
    if (seen === before) continue;
    if (before < 0.5 * total && seen >= 0.5 * total) into.p50Ms = upperEdgeMs(bucket);
    if (before < 0.95 * total && seen >= 0.95 * total) into.p95Ms = upperEdgeMs(bucket);
    if (before < 0.99 * total && seen >= 0.99 * total) into.p99Ms = upperEdgeMs(bucket);
  }
  return into;
}
