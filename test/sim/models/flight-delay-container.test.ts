import { test } from 'tap';
import { containers, flightDelayTargetModels } from '../../../sim/models/containers.ts';

const evening = { date: '2001-01-10T21:20', distance: 954, destination: 'LAX' };
const morning = { ...evening, date: '2001-01-10T06:20' };

function ask(body: string, targetModel: string | undefined, contentType = 'application/json') {
  const input = { body: Buffer.from(body), contentType, accept: undefined };
  const answer = containers['flight-delay']?.predict(targetModel === undefined ? input : { ...input, targetModel });
  return { status: answer?.status, body: JSON.parse(String(answer?.body)) };
}

test('a flight gets its expected delay and its chance of being late', async t => {
  const { status, body } = ask(JSON.stringify({ instances: [morning, evening] }), 'SEA.tar.gz');
  t.equal(status, 200);
  const [early, late] = body.predictions;
  t.strictSame(Object.keys(early), ['delayMinutes', 'late']);
  t.ok(early.delayMinutes < late.delayMinutes, 'delays add up over the day');
  t.ok(early.late < late.late);
});

test('CSV gets what JSON gets, and the destination may be left out', async t => {
  const expected = ask(JSON.stringify({ instances: [evening] }), 'SEA.tar.gz').body;
  t.strictSame(ask('2001-01-10T21:20,954,LAX', 'SEA.tar.gz', 'text/csv').body, expected);
  t.strictSame(ask('date,distance\n2001-01-10T21:20,954\n', 'SEA.tar.gz', 'text/csv').body, expected);
});

test('each airport is a model of its own', async t => {
  const models = flightDelayTargetModels();
  t.equal(models.length, 20);
  t.ok(models.includes('SEA.tar.gz'));
  const body = JSON.stringify({ instances: [evening] });
  const answers = new Set(models.map(model => JSON.stringify(ask(body, model).body)));
  t.equal(answers.size, models.length);
});

test('a target model that is not there, or not named, is a 400', async t => {
  const body = JSON.stringify({ instances: [evening] });
  t.match(ask(body, 'XXX.tar.gz'), { status: 400, body: { error: 'no such model: XXX.tar.gz' } });
  t.match(ask(body, undefined), { status: 400, body: { error: 'no such model: none named' } });
  t.equal(ask(body, 'constructor').status, 400);
});

test('models are big enough that an instance of 8 GB cannot hold all of them', async t => {
  const sizes = flightDelayTargetModels().map(model => containers['flight-delay']?.loadBytes?.(model) ?? 0);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  t.ok(Math.min(...sizes) > 300_000_000);
  t.ok(Math.max(...sizes) < 600_000_000);
  t.ok(total > 7_000_000_000, `${total}`);
  t.equal(containers['flight-delay']?.loadBytes?.('XXX.tar.gz'), undefined);
});
