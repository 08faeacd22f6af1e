import { test } from 'tap';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

function bedrockIn(region: string) {
  return targetOf({ kind: 'bedrock', region, endpoint: 'us.demo.assistant-v1:0' });
}

/** Two targets of a model, the first far the faster one. */
function bench() {
  const all = routingBench();
  const near = bedrockIn('us-west-2');
  const far = bedrockIn('us-east-1');
  const version = versionOf([near, far]);
  const model = all.add(modelOf([version]));
  all.answer(near, 10, 50);
  all.answer(far, 400, 50);
  const session = (name: string, tenant = 'acme') => requestOf({ hints: { session: name }, caller: { tenant } });
  const first = (request = session('s1')) =>
    all.routing.router.route(model, version, request).candidates[0]?.target.region;
  const answered = (target = far, request = session('s1')) => all.routing.measure(target, 'ok', 400, request);
  return { ...all, near, far, first, session, answered };
}

test('a session goes where it was answered last, others by latency', t => {
  const { first, session, answered } = bench();
  t.equal(first(), 'us-west-2');
  answered();
  t.equal(first(), 'us-east-1');
  t.equal(first(session('s2')), 'us-west-2', 'another session');
  t.equal(first(session('s1', 'globex')), 'us-west-2', 'another tenant’s of the same name');
  t.equal(first(requestOf()), 'us-west-2', 'no session');
  t.end();
});

test('it is left when throttled, out of reach, or after the cache is gone', t => {
  const { first, answered, far, states, clock } = bench();
  answered();
  states.shares.set(far.id, 0.7);
  t.equal(first(), 'us-west-2', 'throttled');
  states.shares.delete(far.id);
  states.availability.set(far.id, { usable: false, why: 'full' });
  t.equal(first(), 'us-west-2', 'full');
  states.availability.delete(far.id);
  t.equal(first(), 'us-east-1', 'back');
  clock.advance(299_000);
  t.equal(first(), 'us-east-1', 'still kept');
  clock.advance(2_000);
  t.equal(first(), 'us-west-2', 'five minutes after its last use');
  t.end();
});

test('kinds without prompt caches remember nothing, and only so many sessions are remembered', t => {
  const { first, session, answered, far, routing } = bench();
  answered(targetOf({ region: 'us-east-1', id: far.id }));
  t.equal(first(), 'us-west-2', 'a SageMaker target');
  answered();
  for (let other = 0; other < 9_999; other += 1) routing.measure(far, 'ok', 400, session(`other-${other}`));
  t.equal(first(), 'us-east-1');
  routing.measure(far, 'ok', 400, session('one more'));
  t.equal(first(), 'us-west-2', 'the one answered longest ago is forgotten');
  t.end();
});
