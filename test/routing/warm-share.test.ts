import { test } from 'tap';
import type { Model } from '../../src/core/model.ts';
import type { Target } from '../../src/core/target.ts';
import {
  type Asking,
  modelOf,
  requestOf,
  routingBench,
  serverlessTarget,
  targetOf,
  versionOf,
} from '../helpers/routing-fixtures.ts';

const near = targetOf();
const far = targetOf({ region: 'us-east-1' });
const farther = targetOf({ region: 'ap-southeast-1' });

function bench(targets: readonly Target[], some: Partial<Model> = {}) {
  const made = routingBench();
  const version = versionOf(targets);
  const model = made.add(modelOf([version], { policy: 'ordered', warmShare: 0.01, ...some }));
  const route = (asking: Asking = {}) => made.routing.router.route(model, version, requestOf(asking));
  /** Calls at this pace, each answered at once; counts the warm ones by target. */
  const run = (calls: number, everyMs: number, asking: Asking = {}) => {
    const warm = new Map<Target, number>();
    for (let call = 0; call < calls; call += 1) {
      made.clock.advance(everyMs);
      const { candidates, warm: isWarm } = route(asking);
      const first = candidates[0]?.target;
      if (first === undefined) continue;
      if (isWarm) warm.set(first, (warm.get(first) ?? 0) + 1);
      made.answer(first, 50);
    }
    return warm;
  };
  for (const target of targets) made.answer(target, 50, 20, 10);
  return { ...made, model, version, route, run };
}

const total = (warm: ReadonlyMap<Target, number>) => [...warm.values()].reduce((sum, count) => sum + count, 0);

test('one call in a hundred goes to targets that would get none', t => {
  const { run } = bench([near, far, farther]);
  const warm = run(10_000, 200);
  t.equal(total(warm), 100);
  t.equal(warm.get(near), undefined, 'the first in order is warm anyway');
  t.equal(warm.get(far), 50, 'they take turns, the longest idle first');
  t.end();
});

test('at most one per target and 10 s, however many calls there are', t => {
  const { run } = bench([near, far, farther]);
  const warm = run(100_000, 1); // 100 s
  t.ok((warm.get(far) ?? 0) >= 9 && (warm.get(far) ?? 0) <= 10, `${warm.get(far)}`);
  t.ok((warm.get(farther) ?? 0) >= 9 && (warm.get(farther) ?? 0) <= 10, `${warm.get(farther)}`);
  t.end();
});

test('the others stay behind a warm target, and the call says it is one', t => {
  const { run, route, clock } = bench([near, far, farther]);
  run(99, 200);
  clock.advance(10_000);
  const { candidates, warm } = route();
  t.equal(warm, true);
  t.strictSame(
    candidates.map(candidate => candidate.target),
    [far, near, farther],
  );
  t.end();
});

const held: readonly [string, Asking][] = [
  ['a pinned call', { hints: { region: { pin: 'eu-west-1' } } }],
  ['a sticky session', { hints: { session: 'abc' } }],
  ['a SageMaker session', { fields: { sessionId: 'NEW_SESSION' } }],
];
for (const [what, asking] of held) {
  test(`${what} is never used for it`, t => {
    const { run } = bench([near, targetOf({ name: 'second' }), far]);
    t.equal(total(run(2_000, 200, asking)), 0);
    t.end();
  });
}

test('calls bound to a residency warm only what is inside it', t => {
  const { run } = bench([near, far, targetOf({ region: 'eu-central-1' })]);
  const warm = run(3_000, 200, { caller: { residency: new Set(['eu']) } });
  t.ok(total(warm) > 20);
  t.equal(warm.get(far), undefined);
  t.end();
});

test('a share of 0 turns it off', t => {
  t.equal(total(bench([near, far], { warmShare: 0 }).run(2_000, 200)), 0);
  t.end();
});

test('serverless is woken only if the model says so', t => {
  const serverless = serverlessTarget();
  t.equal(total(bench([near, serverless]).run(2_000, 200)), 0);
  t.ok(total(bench([near, serverless], { warmServerless: true }).run(2_000, 200)) > 10);
  t.end();
});

test('a target that may take over half the deadline is left alone', t => {
  const { run, answer } = bench([near, far]);
  answer(far, 60_000);
  t.equal(total(run(1, 1)), 0);
  const { run: hurried } = bench([near, far]);
  t.equal(total(hurried(250, 200, { hints: { timeoutMs: 60 } })), 0, 'the caller’s own deadline counts');
  t.end();
});

test('busy and restrained targets need no warming', t => {
  const { run, states } = bench([near, far, farther]);
  states.flying.set(far.id, 1);
  states.shares.set(farther.id, 0.5);
  t.equal(total(run(500, 200)), 0);
  t.end();
});

test('under weights, a weight of 0 means none', t => {
  const off = targetOf({ region: 'us-east-1', weight: 0 });
  t.equal(total(bench([near, off], { policy: 'weighted' }).run(2_000, 200)), 0);
  t.end();
});

test('after a start every target is measured by one of the first calls', t => {
  const { routing, add } = routingBench();
  const version = versionOf([near, far, farther]);
  const model = add(modelOf([version], { warmShare: 0.01 }));
  const firsts = new Set<Target | undefined>();
  for (let call = 0; call < 3; call += 1) {
    const [first] = routing.router.route(model, version, requestOf()).candidates;
    if (first === undefined) break;
    firsts.add(first.target);
    routing.measure(first.target, 'ok', 100, requestOf());
  }
  t.equal(firsts.size, 3);
  t.equal(routing.router.route(model, version, requestOf()).warm, false, 'and owed no more');
  t.end();
});
