/** Natural logarithm of the gamma function, for x > 0. Lanczos' approximation (g = 7, n = 9), about 15 digits. */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const shifted = x - 1;
  let sum = lanczos[0] as number;
  for (let index = 1; index < lanczos.length; index += 1) sum += (lanczos[index] as number) / (shifted + index);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const lanczos = [
  0.999_999_999_999_809_9, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
  1.505_632_735_149_311_6e-7,
];

/**
 * Natural logarithm of the beta function, for a, b > 0. From ten on by Stirling's series of the difference, since
 * logarithms of gamma functions of many millions have no digits left to subtract (Didonato and Morris 1992, as in R).
 */
export function lnBeta(a: number, b: number): number {
  const [less, more] = a < b ? [a, b] : [b, a];
  if (more < 10) return lnGamma(less) + lnGamma(more) - lnGamma(less + more);
  const sum = less + more;
  const rest = Math.log1p(-less / sum);
  const correction = stirlingRest(more) - stirlingRest(sum);
  if (less < 10) return lnGamma(less) + correction + less - less * Math.log(sum) + (more - 0.5) * rest;
  const half = 0.5 * Math.log((2 * Math.PI) / more);
  return half + stirlingRest(less) + correction + (less - 0.5) * Math.log(less / sum) + more * rest;
}

/** What Stirling's formula for ln Γ(x) leaves out, for x ≥ 10: to about 1e-16. */
function stirlingRest(x: number): number {
  const square = x * x;
  const series = [691 / 360_360, 1 / 1_188, 1 / 1_680, 1 / 1_260, 1 / 360, 1 / 12];
  return series.reduce((rest, term) => term - rest / square, 0) / x;
}

const precision = 1e-15;
const tiny = 1e-300;
const mostSteps = 10_000;

/**
 * Regularized upper incomplete gamma function Q(a, x), for a > 0: a series below a + 1, a continued fraction (Lentz)
 * above (Press et al., "Numerical Recipes", 6.2).
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < mostSteps && Math.abs(term) > Math.abs(sum) * precision; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  return front / lentz(x + 1 - a, n => [-n * (n - a), x + 2 * n + 1 - a]);
}

/** Regularized incomplete beta function I_x(a, b), for a, b > 0 (continued fraction: "Numerical Recipes", 6.4). */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - lnBeta(a, b)) / a;
  return front / lentz(1, n => [betaCoefficient(n, x, a, b), 1]);
}

function betaCoefficient(n: number, x: number, a: number, b: number): number {
  const m = Math.floor(n / 2);
  return n % 2 === 0
    ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
}

/** `first + c1/(d1 + c2/(d2 + …))`, its terms from `term(1)` on, by Lentz' method. */
function lentz(first: number, term: (n: number) => readonly [number, number]): number {
  let value = first === 0 ? tiny : first;
  let c = value;
  let d = 0;
  for (let n = 1; n < mostSteps; n += 1) {
    const [numerator, denominator] = term(n);
    d = denominator + numerator * d;
    d = 1 / (d === 0 ? tiny : d);
    c = denominator + numerator / c;
    if (c === 0) c = tiny;
    value *= c * d;
    if (Math.abs(c * d - 1) < precision) break;
  }
  return value;
}

/** Chance that a chi-square variable of so many degrees of freedom exceeds `x`. */
export function chiSquareTail(x: number, degrees: number): number {
  return upperGamma(degrees / 2, x / 2);
}

/** Distribution function of the standard normal, accurate in both tails. */
export function normalCdf(z: number): number {
  const tail = 0.5 * upperGamma(0.5, (z * z) / 2);
  return z < 0 ? tail : 1 - tail;
}

/** Chance that a standard normal exceeds `z`. */
export function normalTail(z: number): number {
  return normalCdf(-z);
}

/** Standard normal quantile of 0 < p < 1, by bisection: to the last digits, in about 60 steps. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p); // the upper tail has its digits in 1 − p
  return bisect(z => normalCdf(z) - p, -40, 0);
}

/** Quantile of the beta distribution, by bisection. */
export function betaQuantile(p: number, a: number, b: number): number {
  return bisect(x => regularizedBeta(x, a, b) - p, 0, 1);
}

/** Root of an increasing function within [low, high]. */
function bisect(rising: (x: number) => number, low: number, high: number): number {
  let from = low;
  let to = high;
  for (let step = 0; step < 200 && to - from > 1e-15 * Math.abs(from); step += 1) {
    const middle = (from + to) / 2;
    if (rising(middle) < 0) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
