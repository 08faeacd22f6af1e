import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { cpuTicks } from '../../bench/child.ts';
import { rowNames } from '../../bench/contestants.ts';
import { answerLength } from '../../bench/load/connection.ts';
import type { Sample } from '../../bench/measure.ts';
import { openAiQuestion, prediction, question, wireRequest } from '../../bench/payload.ts';
import { replaceBetween, report } from '../../bench/report.ts';
import { goals, summarise, toJson } from '../../bench/results.ts';
import { arrivals, median, percentile, slope } from '../../bench/statistics.ts';

function sample(name: Sample['name'], cpuUs: number, p50Ms = 0.5): Sample {
  const load = { cpuUs, perSecond: 1e6 / cpuUs, rssMb: 100, upstreamBusy: 0.3, loadBusy: 0.2 };
  return { name, load, added: new Map([[200, { p50Ms, p99Ms: 4 }]]) };
}

test('statistics', async t => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  t.equal(percentile(hundred, 0.99), 99);
  t.equal(percentile(hundred, 0.5), 50);
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.ok(Number.isNaN(median([])));
  const line = Array.from({ length: 20 }, (_, x) => [x, x === 7 ? 1_000 : 3 * x + 1] as const);
  t.equal(slope(line), 3, 'an outlier does not move the slope');
});

test('requests are due at random moments, the same in every run', async t => {
  const due = arrivals(200, 10, 1);
  t.equal(due.length, 2_000);
  t.same(due, arrivals(200, 10, 1));
  t.not(due[0], arrivals(200, 10, 2)[0]);
  t.same(
    due,
    due.toSorted((a, b) => a - b),
  );
  t.ok(Math.abs((due.at(-1) ?? 0) - 10_000) < 700, 'at the rate asked for');
});

test('question and prediction have the sizes that the report names', async t => {
  t.same([question.length, openAiQuestion.length, prediction.length], [1_000, 1_000, 100]);
  t.doesNotThrow(() => JSON.parse(question) && JSON.parse(prediction));
  t.match(
    wireRequest('/x', { a: 'b' }, 'body').toString(),
    /^POST \/x HTTP.*\r\na: b\r\ncontent-length: 4\r\n\r\nbody$/s,
  );
});

test('an answer is whole when its length or its last chunk says so', async t => {
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  for (const answer of [whole, chunked]) {
    t.equal(answerLength(answer), answer.length);
    for (let at = 0; at < answer.length; at += 1) t.equal(answerLength(answer.slice(0, at)), undefined);
  }
});

test('CPU time is read past a name with spaces and brackets', async t => {
  t.equal(cpuTicks('1 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20'), 100);
});

test('rows are medians; what was not measured is null', async t => {
  const details = summarise(
    rowNames,
    [30, 10, 20].map(cpuUs => sample('floor', cpuUs)),
  );
  const { machine, rows } = JSON.parse(toJson('a machine', details));
  t.equal(machine, 'a machine');
  t.same(
    rows.map((row: { name: string }) => row.name),
    ['unsigned', 'floor', 'gateway', 'gateway-signed', 'gateway-monitored', 'gateway-cached', 'portkey', 'sdk'],
  );
  const nothing = { cpuUsPerRequest: null, requestsPerSecond: null, addedP50Ms: null, addedP99Ms: null, rssMb: null };
  t.strictSame(rows[0], { name: 'unsigned', ...nothing });
  const floor = { cpuUsPerRequest: 20, requestsPerSecond: 50_000, addedP50Ms: 0.5, addedP99Ms: 4, rssMb: 100 };
  t.strictSame(rows[1], { name: 'floor', ...floor });
});

test('goals are reached, missed, or open', async t => {
  const measured = [
    sample('unsigned', 40),
    sample('floor', 80),
    sample('gateway', 112, 1.2),
    sample('gateway-signed', 124),
    sample('gateway-monitored', 120),
    sample('portkey', 440),
  ];
  const reached = goals(summarise(rowNames, measured));
  t.same(
    reached.map(goal => [goal.value, goal.reached]),
    [
      [1.4, true],
      [3.93, false],
      [null, null],
      [2, true],
      [0.15, true],
      [0.1, true],
      [1.2, false],
      [4, true],
    ],
  );
});

test('the report goes between its markers', async t => {
  const details = summarise(rowNames, [sample('gateway', 112)]);
  const text = report('a machine', 5, details, goals(details));
  t.match(text, /\| gateway +\| 112 +\| 8,929 +\| 0.5 \/ 4 +\| – \/ – +\| 100 +\| 30 % \+ 20 % +\|/);
  const page = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
  const written = replaceBetween(page, 'bench', text);
  t.match(written, /^before\n<!-- bench:begin -->\nMeasured on: a machine.*\n<!-- bench:end -->\nafter\n$/s);
  t.equal(replaceBetween(written, 'bench', text), written);
  t.throws(() => replaceBetween('no markers', 'bench', text), /bench:begin/);
});

test('floor and product are built on the same versions', async t => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).dependencies;
  const [product, bench] = [read('../../package.json'), read('../../bench/package.json')];
  for (const [name, version] of Object.entries(bench))
    if (name !== '@portkey-ai/gateway') t.equal(version, product[name], name);
});
