import { test } from 'tap';
import { modelOf, requestOf, routingBench, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const near = targetOf();
const far = targetOf({ region: 'us-east-1' });

test('asking whether a version has candidates spends no warm call', t => {
  const { routing, add } = routingBench();
  const version = versionOf([near, far]);
  const model = add(modelOf([version], { policy: 'ordered', warmShare: 1 }));
  t.equal(routing.router.hasCandidates(model, version, requestOf()), true);
  t.equal(routing.router.hasCandidates(model, version, requestOf()), true);
  t.equal(routing.router.route(model, version, requestOf()).warm, true, 'the call owed is still owed');
  t.equal(routing.router.route(model, version, requestOf()).warm, false);
  t.end();
});

test('asking moves nobody into charge', t => {
  const { routing, add, answer, clock } = routingBench();
  const version = versionOf([near, far]);
  const model = add(modelOf([version], { policy: 'balanced', costWeight: 0 }));
  const first = () => routing.router.route(model, version, requestOf()).candidates[0]?.target;
  answer(near, 50, 20, 10);
  answer(far, 60, 20, 10);
  t.equal(first(), near);
  answer(far, 20, 500, 100); // near is idle meanwhile: far challenges it from the first look of a route on
  answer(near, 50, 20, 10);
  routing.router.hasCandidates(model, version, requestOf());
  clock.advance(11_000);
  t.equal(first(), near, 'the challenge begins now');
  t.end();
});

test('it says what route would find', t => {
  const { routing, add, states } = routingBench();
  const version = versionOf([near, far]);
  const model = add(modelOf([version]));
  const asks = (asking = {}) => {
    const has = routing.router.hasCandidates(model, version, requestOf(asking));
    t.equal(has, routing.router.route(model, version, requestOf(asking)).candidates.length > 0);
    return has;
  };
  states.availability.set(near.id, { usable: false, why: 'ejected' });
  t.equal(asks(), true);
  t.equal(asks({ hints: { region: { pin: near.region } } }), false, 'the other is excluded by the pin');
  states.availability.set(far.id, { usable: true, trial: true });
  t.equal(asks(), true, 'a half-open one is a candidate');
  states.availability.set(far.id, { usable: false, why: 'full' });
  t.equal(asks(), false);
  t.end();
});
