import { test } from 'tap';
import { ControlPlaneError } from '../../src/backends/control-plane.ts';
import { type Fixture, fakeControlPlane, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';

const quarterMs = 900_000;
const silent = (): never => {
  throw new ControlPlaneError('TimeoutError', 'no answer', true, true);
};
const away = (): never => {
  throw new ControlPlaneError('ECONNREFUSED', 'nobody listens', true);
};
const options = { actions: [pipelineAction], pollSeconds: 1 };
const told = (fixture: Fixture) => fixture.newest().timeline.map(({ what }) => what);
const homeArn = 'arn:aws:sagemaker:us-east-1:123456789012:pipeline/rain-retrain/execution/home';

/** Drift, a home region that says nothing to four tries, and the start in the other one. */
async function startedElsewhere(fixture: Fixture, failure = silent): Promise<void> {
  fixture.control.next.push(failure, failure, failure, failure);
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.pass(25_000);
}

test('a home region that took the call in silence is found out when it is back, and its run is stopped', async t => {
  const fixture = startFixture(t, options);
  fixture.control.search.push(...Array.from({ length: 200 }, () => silent));
  await startedElsewhere(fixture);
  t.match(fixture.newest(), { execution: { region: 'us-west-2' }, actions: [{ unsure: ['us-east-1'] }] });
  fixture.control.executions.set(homeArn, { status: 'Executing', why: undefined });
  await fixture.pass(5_000);
  t.equal(fixture.control.executions.get(homeArn)?.status, 'Executing', 'it is still away');
  fixture.control.search.length = 0;
  await fixture.pass(3_000);
  t.equal(fixture.control.executions.get(homeArn)?.status, 'Stopping');
  t.match(fixture.newest().timeline.at(-1), { what: 'second run stopped', detail: new RegExp(homeArn) });
  t.match(fixture.newest(), { state: 'retraining', execution: { region: 'us-west-2', status: 'Executing' } });
  t.equal(fixture.newest().actions[0]?.unsure, undefined);
  const searches = fixture.control.searches.length;
  await fixture.pass(5_000);
  t.equal(fixture.control.searches.length, searches, 'it is asked once');
});

test('a run whose starter died before it was written down is found out, though its region refused all later tries', async t => {
  const [store, clock, control] = [memoryReplicas(), manualClock(), fakeControlPlane()];
  const dying = store();
  let dead = false;
  const { promise: never, resolve: bury } = Promise.withResolvers<boolean>();
  const replace: typeof dying.replace = (...change) => (dead ? never : dying.replace(...change));
  const one = startFixture(t, options, { state: { ...dying, replace }, clock, control });
  control.next.push((() => {
    dead = true;
  }) as () => never);
  await windows(one, 3, { prediction: 'drifted' });
  t.equal(control.executions.size, 1, 'started at home');
  control.next.push(away, away, away, away);
  const two = startFixture(t, options, { state: store(), clock, control, replica: 'two' });
  control.search.push(...Array.from({ length: 100 }, () => silent));
  await two.pass(90_000);
  t.match(two.newest(), { execution: { region: 'us-west-2' }, actions: [{ unsure: ['us-east-1'] }] });
  control.search.length = 0; // home is back
  await two.pass(3_000);
  const states = [...control.executions].map(([arn, { status }]) => `${arn.split(':')[3]} ${status}`);
  t.strictSame(states, ['us-east-1 Stopping', 'us-west-2 Executing'], 'one goes on');
  bury(false);
});

test('a home region that had not taken it is left alone, and so is one that cannot have', async t => {
  const fixture = startFixture(t, options);
  await startedElsewhere(fixture);
  await fixture.pass(5_000);
  t.same(fixture.control.searches, ['us-east-1']);
  t.notOk(told(fixture).some(what => what.startsWith('second')));
  const refused = startFixture(t, options);
  await startedElsewhere(refused, away);
  await refused.pass(5_000);
  t.equal(refused.newest().execution?.region, 'us-west-2');
  t.same(refused.control.searches, [], 'the call never left');
});

test('who may not look is told once what may be', async t => {
  const fixture = startFixture(t, options);
  fixture.control.search.push(() => {
    throw new ControlPlaneError('AccessDeniedException', 'not allowed', false);
  });
  await startedElsewhere(fixture);
  await fixture.pass(10_000);
  t.equal(told(fixture).filter(what => what === 'second run possible').length, 1);
});

test('silence of the region that then answered is no second run: there the token makes one', async t => {
  const fixture = startFixture(t, options);
  fixture.control.next.push(silent);
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.pass(5_000);
  t.match(fixture.newest(), { execution: { region: 'us-east-1' } });
  t.same([fixture.newest().actions[0]?.unsure, fixture.control.searches], [undefined, []]);
});

test('what could not be started is not counted, and is tried again with the windows that follow', async t => {
  const fixture = startFixture(t, options);
  fixture.control.next.push(...Array.from({ length: 8 }, () => away));
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.pass(60_000);
  t.equal(fixture.newest().state, 'failed');
  t.same([...fixture.episodes.budgets()], [['rain', 2]], 'nothing was spent');
  await windows(fixture, 1, { prediction: 'drifted' });
  t.equal(fixture.episodes.list().length, 1, 'not with every window of a minute');
  fixture.clock.hold(quarterMs);
  await windows(fixture, 1, { prediction: 'drifted' });
  t.match(fixture.newest(), { number: 2, state: 'retraining', execution: { region: 'us-east-1' } });
  t.same([...fixture.episodes.budgets()], [['rain', 1]]);
});

test('what may have been started in silence counts, and cools down', async t => {
  const fixture = startFixture(t, options);
  fixture.control.next.push(...Array.from({ length: 8 }, () => silent));
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.pass(60_000);
  t.match(fixture.newest().timeline.at(-1)?.detail, /unless it was in silence: us-east-1, us-west-2$/);
  t.same([...fixture.episodes.budgets()], [['rain', 1]]);
});
