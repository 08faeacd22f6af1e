import { test } from 'tap';
import { containers } from '../../../sim/models/containers.ts';

const day = { date: '2014-11-03', precipitation: 4.1, temp_max: 11.7, temp_min: 7.2, wind: 3.9 };
const csvLine = '2014-11-03,4.1,11.7,7.2,3.9';
const json = JSON.stringify({ instances: [day] });

function ask(body: string, contentType: string | undefined = 'application/json', accept?: string, name = 'rain-v2') {
  const answer = containers[name]?.predict({ body: Buffer.from(body), contentType, accept });
  return { status: answer?.status, contentType: answer?.contentType, body: JSON.parse(String(answer?.body)) };
}

function askCsv(body: string) {
  return ask(body, 'text/csv');
}

test('a day as JSON gets one probability', async t => {
  const { status, contentType, body } = ask(json);
  t.equal(status, 200);
  t.equal(contentType, 'application/json');
  t.strictSame(body, { predictions: [{ rain: 0.7228 }] });
});

test('the versions see the same day differently, and the broken one promises less rain', async t => {
  const [v1, v2, v3] = ['rain-v1', 'rain-v2', 'rain-v3'].map(
    name => ask(json, undefined, undefined, name).body.predictions[0].rain,
  );
  t.not(v1, v2);
  t.ok(v3 < v2, `${v3} < ${v2}`);
});

test('CSV gets what JSON gets: with and without a header, reordered, quoted, with columns to spare', async t => {
  const expected = ask(json).body;
  const header = 'date,precipitation,temp_max,temp_min,wind';
  t.strictSame(askCsv(csvLine).body, expected, 'no header');
  t.strictSame(askCsv(`${header}\n${csvLine}\n`).body, expected, 'header');
  t.strictSame(
    askCsv(`\uFEFF${header},weather\r\n${csvLine},rain\r\n`).body,
    expected,
    'a label, CRLF, byte order mark',
  );
  t.strictSame(askCsv(`"WIND","Date",temp_min,temp_max,precipitation\n3.9,"2014-11-03",7.2,11.7,4.1`).body, expected);
});

test('predictions come in the order of the rows', async t => {
  const dry = { ...day, precipitation: 0, temp_max: 25, date: '2014-07-20' };
  const both = ask(JSON.stringify({ instances: [dry, day] })).body.predictions;
  t.strictSame(both, [...ask(JSON.stringify({ instances: [dry] })).body.predictions, ...ask(json).body.predictions]);
  t.ok(both[0].rain < both[1].rain);
});

test('input the model cannot use is a 400 that says where', async t => {
  const cases: [string, RegExp][] = [
    ['{', /not valid JSON/],
    ['[]', /expected \{"instances"/],
    ['{"instances":[]}', /at least one/],
    ['{"instances":[7]}', /instances\[0\]: expected an object/],
    [JSON.stringify({ instances: [day, { ...day, wind: 'strong' }] }), /instances\[1\]\.wind: .*got "strong"/],
    [JSON.stringify({ instances: [{ ...day, precipitation: -1 }] }), /precipitation: expected a number from 0/],
    [JSON.stringify({ instances: [{ ...day, date: '2014-02-30' }] }), /date: expected a date/],
    ['{"instances":[{"date":"2014-11-03"}]}', /precipitation: .*got nothing/],
  ];
  for (const [body, message] of cases) {
    const answer = ask(body);
    t.equal(answer.status, 400, body);
    t.match(answer.body, { error: message }, body);
  }
});

test('CSV that lacks rows or columns is a 400', async t => {
  t.match(askCsv('').body.error, /expected CSV with the columns date,precipitation/);
  t.match(askCsv('date,precipitation,temp_max,temp_min,wind\n').body.error, /expected CSV/);
  t.match(askCsv('date,precipitation\n2014-11-03,4.1').body.error, /instances\[0\]\.temp_max: .*got nothing/);
  t.match(askCsv('2014-11-03,,11.7,7.2,3.9').body.error, /precipitation/, 'an empty cell is not zero');
});

test('formats it does not speak: 415 for what comes in, 406 for what should go out', async t => {
  t.equal(ask(json, 'application/x-npy').status, 415);
  t.equal(ask(json, 'application/json; charset=utf-8').status, 200);
  t.equal(ask(json, undefined).status, 200, 'nothing said is JSON');
  t.equal(ask(json, 'application/json', 'text/csv').status, 406);
  for (const accept of ['*/*', 'application/*', 'text/csv, application/json;q=0.5', '']) {
    t.equal(ask(json, 'application/json', accept).status, 200, accept);
  }
});
