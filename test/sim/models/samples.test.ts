import { test } from 'tap';
import { containers } from '../../../sim/models/containers.ts';
import { flightDelaySample, rainSample } from '../../../sim/models/samples.ts';
import { randomStream } from '../../../sim/random.ts';

test('every rain sample is answered by every version', async t => {
  const random = randomStream(7);
  const types = new Set<string>();
  const sizes = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const { body, contentType } = rainSample(random);
    types.add(contentType);
    for (const version of ['rain-v1', 'rain-v2', 'rain-v3']) {
      const answer = containers[version]?.predict({ body, contentType, accept: undefined });
      if (answer?.status !== 200) t.fail(`${version}: ${body} → ${answer?.body}`);
      sizes.add(JSON.parse(String(answer?.body)).predictions.length);
    }
  }
  t.strictSame([...types].sort(), ['application/json', 'text/csv'], 'both formats are sent');
  t.strictSame([...sizes].sort(), [1, 7], 'single days and weeks are asked for');
});

test('every flight sample names a model that answers it', async t => {
  const random = randomStream(7);
  const models = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const { body, contentType, targetModel } = flightDelaySample(random);
    models.add(targetModel);
    const answer = containers['flight-delay']?.predict({ body, contentType, accept: undefined, targetModel });
    if (answer?.status !== 200) t.fail(`${targetModel}: ${body} → ${answer?.body}`);
  }
  t.equal(models.size, 20, 'all airports are asked about');
});

test('the same seed gives the same requests, and the dice decide', async t => {
  const draw = (seed: number) => {
    const random = randomStream(seed);
    return Array.from({ length: 20 }, () => String(rainSample(random).body));
  };
  t.strictSame(draw(1), draw(1));
  t.notSame(draw(1), draw(2));
  t.ok(new Set(draw(1)).size > 15, 'requests differ from each other');
});

test('dice at their ends stay within the data', async t => {
  for (const edge of [0, 0.999_999_999]) {
    t.ok(rainSample(() => edge).body.length > 0);
    t.match(flightDelaySample(() => edge).targetModel, /^[A-Z]{3}\.tar\.gz$/);
  }
});
