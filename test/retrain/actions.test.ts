import { createHash, createHmac } from 'node:crypto';
import { test } from 'tap';
import { ControlPlaneError } from '../../src/backends/control-plane.ts';
import { type Fixture, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';

const down = (): never => {
  throw new ControlPlaneError('ServiceUnavailable', 'the region is away', true);
};
const refused = (): never => {
  throw new ControlPlaneError('ResourceNotFound', 'no such pipeline', false);
};
const drift = (fixture: Fixture) => windows(fixture, 3, { prediction: 'drifted' });
const tries = ({ emitted }: Fixture) =>
  emitted.flatMap(event => (event.type === 'retrain-action' ? [`${event.region ?? '-'} ${event.result}`] : []));

test('a pipeline is started with references filled in and a token of the episode', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await drift(fixture);
  const { id, actions, execution } = fixture.newest();
  const token = createHash('sha256').update(`rain|winters|${id}`).digest('hex');
  t.same(fixture.control.starts, [`us-east-1 ${token}`]);
  t.same(fixture.control.parameters, [{ CaptureUri: 's3://captured/rain/', Episode: id }]);
  t.match(actions, [{ kind: 'pipeline', state: 'done', region: 'us-east-1', link: execution?.arn }]);
});

test('a region that does not answer is asked again, then another one with the same token and parameters', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  fixture.control.next.push(down, down, down, down);
  await drift(fixture);
  await fixture.pass(30_000);
  const [first, ...others] = fixture.control.starts.map(start => start.split(' '));
  t.same(
    [first, ...others].map(each => each?.[0]),
    ['us-east-1', 'us-east-1', 'us-east-1', 'us-east-1', 'us-west-2'],
  );
  t.ok(others.every(each => each[1] === first?.[1]));
  t.same(new Set(fixture.control.parameters.map(each => JSON.stringify(each))).size, 1);
  t.same(tries(fixture), [
    'us-east-1 retried',
    'us-east-1 retried',
    'us-east-1 retried',
    'us-east-1 moved',
    'us-west-2 done',
  ]);
  t.match(fixture.newest(), { state: 'retraining', execution: { region: 'us-west-2' } });
  t.equal(fixture.newest().timeline.filter(({ what }) => what.startsWith('action')).length, 5, 'each try is told');
});

test('when every region is away it has failed, and says so', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  fixture.control.next.push(...Array.from({ length: 8 }, () => down));
  await drift(fixture);
  await fixture.pass(60_000);
  t.equal(fixture.control.starts.length, 8, 'tries are bounded');
  t.match(fixture.newest(), { state: 'failed', actions: [{ state: 'failed' }] });
  t.equal(fixture.newest().timeline.at(-1)?.detail, 'no training could be started: it is not counted');
});

test('a refusal is not repeated, there or elsewhere', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  fixture.control.next.push(refused);
  await drift(fixture);
  await fixture.pass(10_000);
  t.same(tries(fixture), ['us-east-1 failed']);
  t.equal(fixture.newest().state, 'failed');
  t.match(fixture.newest().timeline.at(-2)?.detail, /ResourceNotFound: no such pipeline/);
});

test('an event that EventBridge answers for with 200 and did not take is sent again', async t => {
  const bus = { kind: 'event', bus: 'ml', region: 'us-east-1' };
  const fixture = startFixture(t, { actions: [bus] });
  const lost = () => ({ ok: false as const, code: 'InternalFailure', message: 'x', retryable: true });
  fixture.control.next.push(lost, lost);
  await drift(fixture);
  await fixture.pass(10_000);
  t.same(tries(fixture), ['us-east-1 retried', 'us-east-1 retried', 'us-east-1 done']);
  const { id } = fixture.newest();
  t.match(fixture.newest(), { state: 'retraining', actions: [{ link: 'event-3' }] });
  const [first] = fixture.control.events;
  t.match(first, { bus: 'ml', source: 'meridian', detailType: 'Meridian Retraining Requested' });
  t.match(JSON.parse(first?.detail ?? ''), {
    type: 'retraining-requested',
    episode: id,
    model: 'rain',
    version: 'v1',
    baseline: 'winters',
    evidence: [{ monitor: 'prediction', statistic: 'psi', value: 0.3, sample: 1_000 }],
    references: { capture: 's3://captured/rain/', feedback: 's3://truths/rain/' },
    token: /^[0-9a-f]{64}$/,
  });
  t.equal(new Set(fixture.control.events.map(({ detail }) => detail)).size, 1, 'a consumer can tell repeats');
});

test('a bus whose region is away is left for another one; what it is told, and where data is, stays the same', async t => {
  const fixture = startFixture(t, { actions: [{ kind: 'event', region: 'eu-west-1', otherRegions: ['us-west-2'] }] });
  const throttled = () => ({ ok: false as const, code: 'ThrottlingException', message: 'x', retryable: true });
  fixture.control.next.push(down, throttled, down, down);
  await drift(fixture);
  fixture.captured = 's3://moved/'; // by a reload between two tries
  await fixture.pass(30_000);
  t.same(fixture.control.buses, ['eu-west-1', 'eu-west-1', 'eu-west-1', 'eu-west-1', 'us-west-2']);
  t.equal(new Set(fixture.control.events.map(({ detail }) => detail)).size, 1);
  const told = fixture.control.events.at(-1)?.detail ?? '';
  t.match(JSON.parse(told), { references: { capture: 's3://captured/rain/' }, evidence: [{ value: 0.3 }] });
  const known = [
    'type',
    'episode',
    'model',
    'version',
    'scope',
    'baseline',
    'openedAt',
    'evidence',
    'references',
    'token',
  ];
  t.same(
    Object.keys(JSON.parse(told)),
    known,
    'across a residency border too: names, numbers and places, nothing else',
  );
});

test('one that may not be put there is not sent again', async t => {
  const fixture = startFixture(t, { actions: [{ kind: 'event', region: 'us-east-1' }] });
  fixture.control.next.push(() => ({ ok: false, code: 'AccessDenied', message: 'x', retryable: false }));
  await drift(fixture);
  t.same(tries(fixture), ['us-east-1 failed']);
});

test('a webhook gets the episode, signed as jobs are, and nothing of callers’ data', async t => {
  const secret = 'a secret of some length';
  const fixture = startFixture(t, { actions: [{ kind: 'webhook', url: 'https://train.example/hook', secret }] });
  await drift(fixture);
  const [post] = fixture.posted;
  const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(post?.headers['x-meridian-signature'] ?? '') ?? [];
  t.equal(signature, createHmac('sha256', secret).update(`${seconds}.${post?.body}`).digest('hex'));
  t.match(JSON.parse(post?.body ?? ''), { type: 'retraining-requested', model: 'rain' });
  t.notMatch(JSON.stringify(fixture.newest()), secret, 'the secret is in no record');
});

test('a deaf webhook is given up', async t => {
  const secret = 'a secret of some length';
  const fixture = startFixture(t, { actions: [{ kind: 'webhook', url: 'https://deaf.example/hook', secret }] });
  await drift(fixture);
  await fixture.pass(30_000);
  t.equal(fixture.posted.length, 4);
  t.equal(fixture.newest().state, 'failed');
});

test('all actions are carried out; training counts by its pipeline', async t => {
  const secret = 'a secret of some length';
  const webhook = { kind: 'webhook', url: 'https://train.example/hook', secret };
  const fixture = startFixture(t, { actions: [pipelineAction, webhook] });
  fixture.control.next.push(refused);
  await drift(fixture);
  await fixture.pass(3_000);
  t.equal(fixture.posted.length, 1);
  t.equal(fixture.newest().state, 'failed', 'who was told does not train');
});

test('a look that fails changes nothing', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction], pollSeconds: 1 });
  await drift(fixture);
  fixture.control.next.push(down, down, down);
  await fixture.pass(3_000);
  t.equal(fixture.newest().state, 'retraining');
});

test('a config changed after the start changes nothing of what is sent', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  fixture.control.next.push(down);
  await drift(fixture);
  const parameters = { CaptureUri: 's3://elsewhere/' };
  fixture.options = { ...fixture.options, actions: fixture.options.actions.map(each => ({ ...each, parameters })) };
  await fixture.pass(5_000);
  t.equal(fixture.control.starts.length, 2);
  t.same(fixture.control.parameters[1], fixture.control.parameters[0]);
});
