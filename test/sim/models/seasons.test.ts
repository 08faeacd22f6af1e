import { test } from 'tap';
import { labelledDays } from '../../../sim/models/data-set.ts';
import { quality } from '../../../sim/models/metrics.ts';
import { rainProbability, rainRecipes } from '../../../sim/models/rain.ts';
import type { LinearModel } from '../../../sim/models/regression.ts';
import { leastExamples, readTraining, retrainRain } from '../../../sim/models/retraining.ts';
import { seasonSample } from '../../../sim/models/samples.ts';
import { isIn } from '../../../sim/models/season.ts';
import { loadRainWeights } from '../../../sim/models/weights.ts';
import { randomStream } from '../../../sim/random.ts';

const summers = labelledDays().filter(({ date }) => isIn('summer', date));
const winters = labelledDays().filter(({ date }) => isIn('winter', date));

/** Share of days called right. */
function accuracy(model: LinearModel, days: typeof summers): number {
  const right = days.filter(
    ({ day, rainNextDay }) => rainProbability(rainRecipes.v2, model, day) >= 0.5 === (rainNextDay === 1),
  );
  return right.length / days.length;
}

test('a model of winters is poor in summer, and one trained on summer days is not', async t => {
  const winter = loadRainWeights('winter');
  t.ok(accuracy(winter, winters) > 0.65, `${accuracy(winter, winters)} in winter`);
  t.ok(accuracy(winter, summers) < 0.5, `${accuracy(winter, summers)} in summer`);
  const half = summers.filter((_, i) => i % 2 === 0);
  const again = retrainRain(rainRecipes.v2, half, 'half of the summers');
  const unseen = summers.filter((_, i) => i % 2 === 1);
  t.ok(accuracy(again, unseen) > 0.75, `${accuracy(again, unseen)} on the other half`);
  const brier = (model: LinearModel) =>
    quality(
      unseen.map(({ day }) => rainProbability(rainRecipes.v2, model, day)),
      unseen.map(({ rainNextDay }) => rainNextDay),
    ).brier;
  t.ok(brier(again) < brier(winter) - 0.05);
});

test('captured calls and truths are joined by inference id or event id, and what is neither is passed over', async t => {
  const random = randomStream(1, 'test');
  const captures: string[] = [];
  const truths: string[] = [];
  for (let call = 0; call < 100; call++) {
    const { body, truth } = seasonSample(random, 'summer');
    const input = { observedContentType: 'application/json', mode: 'INPUT', encoding: 'JSON', data: body.toString() };
    const eventMetadata = { eventId: `event-${call}`, ...(call % 2 === 0 && { inferenceId: `id-${call}` }) };
    captures.push(JSON.stringify({ captureData: { endpointInput: input }, eventMetadata, eventVersion: '0' }));
    if (call % 10 === 9) continue; // never told
    const eventId = call % 2 === 0 ? `id-${call}` : `event-${call}`;
    truths.push(
      JSON.stringify({ groundTruthData: { data: String(truth), encoding: 'CSV' }, eventMetadata: { eventId } }),
    );
  }
  const input = readTraining([captures.join('\n'), 'no json\n{}\n'], [`${truths.join('\n')}\n{"eventMetadata":1}`]);
  t.equal(input.captured, 100);
  t.equal(input.labelled, 90);
  const weights = retrainRain(rainRecipes.v2, input.examples, 'captured');
  t.strictSame(weights, retrainRain(rainRecipes.v2, input.examples, 'captured'), 'the same rows, the same weights');
  t.equal(weights.heldOut.rows, 23, 'one in four was kept back');
  t.throws(() => retrainRain(rainRecipes.v2, input.examples.slice(0, leastExamples - 1), 'too few'), /at least 50/);
});
