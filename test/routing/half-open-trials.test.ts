import { test } from 'tap';
import { type Asking, modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const returning = targetOf();
const well = targetOf({ region: 'us-east-1' });
const second = targetOf({ region: 'us-west-2' });

function order(
  targets: readonly ReturnType<typeof targetOf>[],
  trials: readonly string[],
  some = {},
  asking: Asking = {},
) {
  const { routing, states, add } = routingBench();
  const version = versionOf(targets);
  const model = add(modelOf([version], { policy: 'ordered', ...some }));
  for (const id of trials) states.availability.set(id, { usable: true, trial: true });
  const { candidates, warm } = routing.router.route(model, version, requestOf(asking));
  return { ids: candidates.map(candidate => candidate.target.id), trial: candidates.map(each => each.trial), warm };
}

test('a half-open target is tried first when another stands behind it', t => {
  t.strictSame(order([well, returning], [returning.id]), {
    ids: [returning.id, well.id],
    trial: [true, false],
    warm: false,
  });
  t.end();
});

test('alone it stands last, which is also first: the path decides', t => {
  t.strictSame(order([returning], [returning.id]).ids, [returning.id]);
  t.strictSame(order([returning, well], [returning.id, well.id]).ids, [returning.id, well.id]);
  t.end();
});

test('one at a time: further half-open ones stand behind', t => {
  const { ids } = order([returning, second, well], [returning.id, second.id]);
  t.strictSame(ids, [returning.id, well.id, second.id]);
  t.end();
});

test('a call that must not run twice tries it too: nothing else would bring it back', t => {
  t.strictSame(order([well, returning], [returning.id], { idempotent: false }).ids, [returning.id, well.id]);
  t.end();
});

test('a session is not opened on it', t => {
  const asking = { fields: { sessionId: 'NEW_SESSION' } };
  t.strictSame(order([returning, well], [returning.id], {}, asking).ids, [well.id, returning.id]);
  t.end();
});
