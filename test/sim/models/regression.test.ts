import { test } from 'tap';
import { solvePositiveDefinite } from '../../../sim/models/linear-algebra.ts';
import { auc, quality } from '../../../sim/models/metrics.ts';
import { fitLinear, fitLogistic, linearScore, probability } from '../../../sim/models/regression.ts';

const near = (a: number, b: number) => Math.abs(a - b) < 1e-6;

test('a positive definite system is solved, any other refused', async t => {
  const [x = 0, y = 0] = solvePositiveDefinite(
    [
      [4, 2],
      [2, 3],
    ],
    [10, 9],
  );
  t.ok(near(x, 1.5) && near(y, 2), `${x}, ${y}`);
  t.throws(() => solvePositiveDefinite([[0]], [1]), /not positive definite/);
});

test('a line without noise is found again', async t => {
  const rows = [0, 1, 2, 3, 4].map(x => [x, (x * x) % 3]);
  const model = fitLinear(
    rows,
    rows.map(([x = 0, y = 0]) => 7 + 2 * x - 3 * y),
    1e-9,
  );
  t.ok(near(linearScore(model, [10, 1]), 24), `${linearScore(model, [10, 1])}`);
});

test('with one yes-or-no feature, logistic regression gives the shares of each group', async t => {
  const rows = [[0], [0], [0], [0], [1], [1], [1], [1]];
  const model = fitLogistic(rows, [1, 0, 0, 0, 1, 1, 1, 0], 1e-9);
  t.ok(near(probability(model, [0]), 0.25), `${probability(model, [0])}`);
  t.ok(near(probability(model, [1]), 0.75), `${probability(model, [1])}`);
});

test('the penalty draws towards the overall share', async t => {
  const rows = [[0], [0], [0], [0], [1], [1], [1], [1]];
  const model = fitLogistic(rows, [1, 0, 0, 0, 1, 1, 1, 0], 1e6);
  t.ok(Math.abs(probability(model, [1]) - 0.5) < 0.001);
});

test('separable rows still converge under a penalty', async t => {
  const model = fitLogistic([[0], [1]], [0, 1], 0.1);
  t.ok(probability(model, [1]) > 0.5);
});

test('AUC counts pairs in order, ties as half', async t => {
  t.equal(auc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), 1);
  t.equal(auc([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]), 0);
  t.equal(auc([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1]), 0.5);
  t.equal(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75);
});

test('log loss and Brier of known probabilities', async t => {
  const measured = quality([0.8, 0.4], [1, 0]);
  t.ok(near(measured.logLoss, -(Math.log(0.8) + Math.log(0.6)) / 2));
  t.ok(near(measured.brier, (0.04 + 0.16) / 2));
  t.equal(measured.baseRate, 0.5);
  t.ok(near(measured.meanProbability, 0.6));
});
