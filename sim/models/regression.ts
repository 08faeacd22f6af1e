import { dot, solvePositiveDefinite } from './linear-algebra.ts';

/** A fitted linear predictor over raw (not standardised) features. */
export interface LinearModel {
  readonly intercept: number;
  readonly coefficients: readonly number[];
}

type Link = 'identity' | 'logit';

/** Newton's method on a convex loss: a dozen steps are plenty, thirty mean something is wrong. */
const maxSteps = 30;
const tolerance = 1e-10;

/** The linear predictor: intercept + coefficients · features. */
export function linearScore(model: LinearModel, features: readonly number[]): number {
  return model.intercept + dot(model.coefficients, features);
}

/** Maps a score to a probability in [0, 1]; the ends are reached only by scores beyond ±36 or so. */
function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

/** Probability that the label is 1. */
export function probability(model: LinearModel, features: readonly number[]): number {
  return sigmoid(linearScore(model, features));
}

/**
 * Logistic regression with an L2 penalty, fitted by iteratively reweighted least squares
 * (Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 4.4.1). No randomness: same rows, same weights.
 * @param labels 0 or 1
 * @param ridge penalty on standardised coefficients, in units of rows; the intercept is free
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  ridge: number,
): LinearModel {
  return newton(rows, labels, ridge, 'logit');
}

/** Ridge regression on standardised features, intercept free. */
export function fitLinear(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  ridge: number,
): LinearModel {
  return newton(rows, targets, ridge, 'identity');
}

function newton(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  ridge: number,
  link: Link,
): LinearModel {
  const scale = standardiser(rows);
  const design = rows.map(features => [1, ...features.map((value, i) => scale(value, i).standard)]);
  let weights = new Array<number>(design[0]?.length ?? 1).fill(0);
  for (let step = 0; step < maxSteps; step++) {
    const change = newtonStep(design, targets, weights, ridge, link);
    weights = weights.map((weight, i) => weight + (change[i] ?? 0));
    if (Math.max(...change.map(Math.abs)) < tolerance) return unstandardise(weights, scale);
  }
  throw new Error(`no convergence after ${maxSteps} steps`);
}

function newtonStep(
  design: readonly (readonly number[])[],
  targets: readonly number[],
  weights: readonly number[],
  ridge: number,
  link: Link,
): number[] {
  const penalty = weights.map((_, i) => (i === 0 ? 0 : ridge));
  const gradient = weights.map((weight, i) => -(penalty[i] ?? 0) * weight);
  const hessian = weights.map((_, i) => weights.map((_, j) => (i === j ? (penalty[i] ?? 0) : 0)));
  design.forEach((features, n) => {
    const score = dot(weights, features);
    const expected = link === 'logit' ? sigmoid(score) : score;
    const curvature = link === 'logit' ? expected * (1 - expected) : 1;
    const residual = (targets[n] ?? 0) - expected;
    features.forEach((value, i) => {
      gradient[i] = (gradient[i] ?? 0) + residual * value;
      const line = hessian[i] as number[];
      features.forEach((other, j) => {
        line[j] = (line[j] ?? 0) + curvature * value * other;
      });
    });
  });
  return solvePositiveDefinite(hessian, gradient);
}

type Scale = (value: number, column: number) => { mean: number; deviation: number; standard: number };

function standardiser(rows: readonly (readonly number[])[]): Scale {
  const columns = (rows[0] ?? []).map((_, i) => {
    const values = rows.map(features => features[i] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
  return (value, column) => {
    const { mean, deviation } = columns[column] ?? { mean: 0, deviation: 1 };
    return { mean, deviation, standard: (value - mean) / deviation };
  };
}

function unstandardise(weights: readonly number[], scale: Scale): LinearModel {
  const [free = 0, ...standard] = weights;
  const coefficients = standard.map((weight, i) => weight / scale(0, i).deviation);
  const shift = coefficients.reduce((sum, weight, i) => sum + weight * scale(0, i).mean, 0);
  return { intercept: free - shift, coefficients };
}
