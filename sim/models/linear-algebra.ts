/**
 * Solves A·x = b for a symmetric positive definite A by Cholesky factorisation (A = L·Lᵀ).
 * Throws when A is not positive definite, which a ridge term above zero rules out.
 */
export function solvePositiveDefinite(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const lower = cholesky(matrix);
  const size = right.length;
  const forward = new Array<number>(size).fill(0);
  for (let i = 0; i < size; i++) {
    forward[i] = (at(right, i) - partialDot(row(lower, i), forward, 0, i)) / at(row(lower, i), i);
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = at(forward, i);
    for (let j = i + 1; j < size; j++) sum -= at(row(lower, j), i) * at(solution, j);
    solution[i] = sum / at(row(lower, i), i);
  }
  return solution;
}

function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower = matrix.map(line => new Array<number>(line.length).fill(0));
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = at(row(matrix, i), j) - partialDot(row(lower, i), row(lower, j), 0, j);
      if (i === j && !(rest > 0)) throw new Error('the matrix is not positive definite');
      (lower[i] as number[])[j] = i === j ? Math.sqrt(rest) : rest / at(row(lower, j), j);
    }
  }
  return lower;
}

/** Dot product of two vectors of the same length. */
export function dot(left: readonly number[], right: readonly number[]): number {
  return partialDot(left, right, 0, left.length);
}

function partialDot(left: readonly number[], right: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += at(left, i) * at(right, i);
  return sum;
}

function at(values: readonly number[], index: number): number {
  return values[index] as number;
}

function row<T>(lines: readonly T[], index: number): T {
  return lines[index] as T;
}
