import { test } from 'tap';
import { policyNames } from '../../src/core/model.ts';
import { renderExplain } from '../../src/routing/render-explain.ts';
import {
  modelOf,
  requestOf,
  routingBench,
  serverlessTarget,
  targetOf,
  versionOf,
} from '../helpers/routing-fixtures.ts';

const near = targetOf();
const far = targetOf({ region: 'us-east-1', weight: 3 });
const serverless = serverlessTarget({ region: 'eu-central-1' });
const asia = targetOf({ region: 'ap-southeast-1', price: { basis: 'unknown' } });

function bench(some = {}) {
  const made = routingBench(11);
  const v1 = versionOf([near, far, serverless, asia]);
  const v2 = versionOf([targetOf({ version: 'v2' })], { weight: 25 });
  const model = made.add(modelOf([v1, v2], some));
  made.answer(near, 40, 50, 10);
  made.answer(far, 50, 50, 10);
  made.answer(serverless, 45, 50, 10);
  made.answer(asia, 48, 50, 10);
  return { ...made, v1, v2, model };
}

for (const policy of policyNames) {
  test(`${policy}: explain says what the traffic then does`, t => {
    const { routing, model, v1, states } = bench({ policy });
    states.shares.set(near.id, 0.5);
    states.availability.set(asia.id, { usable: false, why: 'ejected' });
    const [explained] = routing.explain(model, { bodyBytes: 1_000 }).versions;
    const calls = 4_000;
    const firsts = new Map<string, number>();
    for (let call = 0; call < calls; call += 1) {
      const name = routing.router.route(model, v1, requestOf()).candidates[0]?.target.name ?? '';
      firsts.set(name, (firsts.get(name) ?? 0) + 1);
    }
    for (const row of explained?.targets ?? []) {
      const share = (firsts.get(row.target) ?? 0) / calls;
      t.ok(Math.abs(share - row.firstChoice) < 0.08, `${row.target}: said ${row.firstChoice}, did ${share}`);
    }
    t.match(explained?.targets.at(-1), { target: asia.name, place: null, excluded: 'ejected', firstChoice: 0 });
    t.end();
  });
}

test('asking changes nothing', t => {
  const one = bench({ policy: 'weighted', warmShare: 0.01 });
  const other = bench({ policy: 'weighted', warmShare: 0.01 });
  const route = ({ routing, model, v1 }: typeof one) =>
    routing.router.route(model, v1, requestOf()).candidates.map(candidate => candidate.target.name);
  for (let call = 0; call < 300; call += 1) {
    one.routing.explain(one.model);
    t.strictSame(route(one), route(other));
  }
  t.end();
});

test('asking about a balanced model does not put anyone in charge', t => {
  const { routing, model, clock, answer } = bench({ policy: 'balanced', costWeight: 0 });
  const first = () => routing.router.route(model, versionOf([near, far]), requestOf()).candidates[0]?.target;
  t.equal(first(), near);
  answer(near, 70);
  routing.explain(model);
  clock.advance(11_000);
  answer(near, 70);
  t.equal(first(), near);
  t.end();
});

test('each exclusion is told with its reason, health’s with its detail', t => {
  const { routing, model, states } = bench();
  states.availability.set(far.id, { usable: false, why: 'ejected' });
  const [v1] = routing.explain(model, { residency: 'us', bodyBytes: 5_000_000 }).versions;
  t.match(v1?.targets, [
    { target: near.name, excluded: 'residency', place: null },
    { target: far.name, excluded: 'ejected', breaker: 'open', why: ['ejected: it failed', '5 failures in a row'] },
    { target: serverless.name, excluded: 'residency' },
    { target: asia.name, excluded: 'residency' },
  ]);
  const usd = (query?: { residency: string }) =>
    Object.fromEntries(
      routing.explain(model, query).versions[0]?.targets.map(row => [row.target, row.usdPerMillion]) ?? [],
    );
  t.same(usd({ residency: 'us' }), usd(), 'what it would cost is known all the same');
  t.match(
    routing.explain(model, { bodyBytes: 5_000_000 }).versions[0]?.targets.find(row => row.target === serverless.name),
    { excluded: 'body-too-large' },
  );
  t.end();
});

test('versions have the share that this call would give them', t => {
  const { routing, model } = bench();
  t.match(routing.explain(model).versions, [
    { version: 'v1', share: 0.8 },
    { version: 'v2', share: 0.2 },
  ]);
  t.match(routing.explain(model, { residency: 'us' }).versions, [
    { version: 'v1', share: 1 },
    { version: 'v2', share: 0 },
  ]);
  t.end();
});

test('what sets a candidate apart is said in words', t => {
  const { routing, model, states, answer, clock } = bench({ policy: 'ordered', warmShare: 0.01 });
  states.shares.set(far.id, 0.25);
  answer(near, 900, 10);
  clock.advance(20 * 60_000);
  const rows = routing.explain(model).versions[0]?.targets ?? [];
  const why = (name: string) => rows.find(row => row.target === name)?.why.join('; ') ?? '';
  t.match(why(near.name), /first for 100 % of the calls; misses the latency objective/);
  t.match(why(far.name), /stands by; restrained to 25 %/);
  t.match(why(serverless.name), /probably cold/);
  t.match(why(asia.name), /price unknown; next in turn for the warm share/);
  t.match(routing.explain(model).versions[1]?.targets[0]?.why.join(), /unmeasured, assumed slow/);
  t.end();
});

test('a half-open target is listed as what it is', t => {
  const { routing, model, states } = bench();
  states.availability.set(far.id, { usable: true, trial: true });
  const rows = routing.explain(model).versions[0]?.targets ?? [];
  t.match(
    rows.find(row => row.target === far.name),
    { why: [/half-open/], firstChoice: 0 },
  );
  t.end();
});

test('the usual size of a request is assumed unless one is given', t => {
  const { routing, model, v1 } = bench();
  const result = {
    outcome: 'ok',
    sent: true,
    durationMs: 40,
    answer: { status: 200, headers: {}, body: Buffer.alloc(500) },
  } as const;
  routing.ledger.charge({ target: near, result, reason: 'first' }, { body: Buffer.alloc(2 ** 20) });
  const row = routing.explain(model).versions[0]?.targets.find(each => each.target === near.name);
  t.ok((row?.usdPerMillion ?? 0) > 15.6, `${row?.usdPerMillion}`);
  const { candidates } = routing.router.route(model, v1, requestOf({ bodyBytes: 2 ** 20 }));
  const candidate = candidates.find(each => each.target === near);
  t.equal((candidate?.costUsd ?? 0) * 1e6, row?.usdPerMillion);
  t.end();
});

test('the table is aligned, and shows unknown prices as such', t => {
  const { routing, model, states } = bench();
  states.availability.set(far.id, { usable: false, why: 'ejected' });
  const text = renderExplain(routing.explain(model));
  const lines = text.split('\n');
  t.match(lines[0], /^rain: lowest-latency \(expected time/);
  t.match(text, /v1: 80 % of such calls \(weight 100\)/);
  const table = lines.slice(
    lines.findIndex(line => line.startsWith('v1')) + 1,
    lines.findIndex(line => line.startsWith('v2')) - 1,
  );
  const column = table[0]?.indexOf('residency') ?? -1;
  t.equal(table.length, 5);
  for (const line of table.slice(1)) t.match(line.slice(column, column + 2), /^(eu|us|ap)$/);
  t.match(text, /ap-southeast-1\/realtime .* \? /);
  t.match(text, /ejected 12 s/);
  t.end();
});
