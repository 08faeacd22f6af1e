import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { extractData } from '../../../sim/data/extract.ts';
import { trainAll } from '../../../sim/models/training.ts';
import { loadFlightDelayWeights, loadRainWeights, weightsFolder } from '../../../sim/models/weights.ts';

const tolerance = 1e-6;
const dataFolder = new URL('../../../sim/data/', import.meta.url);

test('the data is what the package holds', async t => {
  for (const [name, contents] of Object.entries(extractData())) {
    t.ok(readFileSync(new URL(name, dataFolder), 'utf8') === contents, name);
  }
});

test('training again gives the committed weights', async t => {
  const trained = trainAll();
  t.strictSame(readdirSync(weightsFolder).sort(), Object.keys(trained).sort());
  for (const [name, weights] of Object.entries(trained)) {
    const committed = leaves(JSON.parse(readFileSync(new URL(name, weightsFolder), 'utf8')));
    const again = leaves(weights);
    t.strictSame([...again.keys()], [...committed.keys()], `${name}: same fields`);
    const moved = [...again].filter(([path, value]) => differs(value, committed.get(path)));
    t.strictSame(moved, [], name);
  }
});

test('on the year it has not seen, v2 beats v1 on every count', async t => {
  const [v1, v2] = [loadRainWeights('v1').heldOut, loadRainWeights('v2').heldOut];
  t.ok(v2.logLoss < v1.logLoss - 0.03, `log loss ${v2.logLoss} < ${v1.logLoss}`);
  t.ok(v2.brier < v1.brier - 0.01, `Brier ${v2.brier} < ${v1.brier}`);
  t.ok(v2.auc > v1.auc + 0.05, `AUC ${v2.auc} > ${v1.auc}`);
});

test('v3 is broken: what it learned is right, and its serving code makes nonsense of it', async t => {
  const [v1, v2, v3] = [loadRainWeights('v1').heldOut, loadRainWeights('v2').heldOut, loadRainWeights('v3').heldOut];
  t.strictSame(loadRainWeights('v3').coefficients, loadRainWeights('v2').coefficients, 'trained alike');
  t.ok(v3.logLoss > v1.logLoss, `log loss ${v3.logLoss} > ${v1.logLoss}`);
  t.ok(v3.brier > v1.brier, `Brier ${v3.brier} > ${v1.brier}`);
  t.ok(Math.abs(v2.meanProbability - v2.baseRate) < 0.05, 'v2 promises about as much rain as falls');
  t.ok(v3.meanProbability < 0.01, 'v3 promises none');
});

test('the airports know more about being late than their own averages', async t => {
  const { late, lateBaseline } = loadFlightDelayWeights().heldOut;
  t.ok(late.logLoss < lateBaseline.logLoss - 0.01, `log loss ${late.logLoss} < ${lateBaseline.logLoss}`);
  t.ok(late.auc > lateBaseline.auc + 0.05, `AUC ${late.auc} > ${lateBaseline.auc}`);
});

/** Path → number or text, so that two trees of numbers compare with a tolerance. */
function leaves(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, child]) => [...leaves(child, `${path}/${key}`)]));
}

function differs(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'number' ? !(Math.abs(a - b) <= tolerance) : a !== b;
}
