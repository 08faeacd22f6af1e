import { setImmediate } from 'node:timers/promises';
import { test } from 'tap';
import type { EndpointBuild } from '../../src/core/build.ts';
import { differenceOf, type EndpointName, type NewBuild, watchBuilds } from '../../src/rollout/builds.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const first: EndpointBuild = {
  inService: true,
  configName: 'rain-1',
  modifiedAtMs: 1_000,
  images: ['main rain@sha256:aa 500'],
  capacity: ['main 2 1'],
};
const rain: EndpointName = { region: 'us-east-1', endpoint: 'rain' };

/** A watch over one endpoint, whose description tests set; undefined: the control plane fails. */
function watched({ everyMs }: { everyMs: number | undefined } = { everyMs: 60_000 }) {
  const clock = manualClock();
  const state = { build: first as EndpointBuild | undefined, described: 0 };
  const changes: string[] = [];
  const found: NewBuild[] = [];
  const warnings: string[] = [];
  const builds = watchBuilds({
    clock,
    everyMs: () => everyMs,
    endpoints: () => [rain],
    describe: async () => {
      state.described += 1;
      if (state.build === undefined) throw new Error('AccessDenied');
      return state.build;
    },
    changed: ({ region, endpoint }, build) => {
      changes.push(`${region}/${endpoint}: ${build.detail}`);
      found.push(build);
    },
    warn: message => warnings.push(message),
    background: work => void work(),
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await setImmediate();
  };
  return { clock, state, changes, found, warnings, builds, pass };
}

test('what makes two builds', async t => {
  t.equal(differenceOf(first, { ...first }), undefined);
  t.match(differenceOf(first, { ...first, configName: 'rain-2' }), /rain-1 became rain-2/);
  t.match(differenceOf(first, { ...first, images: ['main rain@sha256:bb 900'] }), /images/);
  t.match(differenceOf(first, { ...first, modifiedAtMs: 2_000 }), /again/);
  t.equal(differenceOf(first, { ...first, modifiedAtMs: 2_000, capacity: ['main 4 1'] }), undefined, 'scaled');
});

test('the first look is the measure, the next ones find what changed, once', async t => {
  const { state, changes, pass } = watched();
  await pass(0);
  t.same([state.described, changes], [1, []]);
  state.build = { ...first, inService: false, configName: 'half-way' };
  await pass(60_000);
  t.same(changes, [], 'a deployment under way says nothing yet');
  state.build = { ...first, configName: 'rain-2', modifiedAtMs: 5_000 };
  await pass(60_000);
  await pass(60_000);
  t.same(changes, ['us-east-1/rain: configuration rain-1 became rain-2']);
});

test('replicas give a build one name, also if it was scaled before the second one looked', async t => {
  const [one, other] = [watched(), watched()];
  const both = async (deployed: Partial<EndpointBuild>, scaled: Partial<EndpointBuild>) => {
    one.state.build = { ...first, ...deployed };
    await one.pass(60_000);
    other.state.build = { ...first, ...deployed, ...scaled };
    await other.pass(60_000);
  };
  await one.pass(0);
  await other.pass(0);
  await both({ configName: 'rain-2', modifiedAtMs: 5_000 }, { modifiedAtMs: 6_000, capacity: ['main 4 1'] });
  const again = { configName: 'rain-2', modifiedAtMs: 9_000, capacity: ['main 4 1'] };
  one.state.build = { ...again, inService: true, images: first.images, modifiedAtMs: 6_000 };
  await one.pass(60_000);
  await both(again, {});
  const names = (of: readonly NewBuild[]) => of.map(({ build }) => build);
  t.equal(one.found.length, 2);
  t.same(names(one.found), names(other.found));
  t.not(names(one.found)[0], names(one.found)[1], 'deployed again, it is another');
  t.same(one.found.at(-1)?.deployedAtMs, 9_000);
});

test('a control plane that fails is told of once, until it answers again', async t => {
  const { state, warnings, changes, pass } = watched();
  state.build = undefined;
  await pass(0);
  await pass(60_000);
  t.same(warnings, ['us-east-1/rain cannot be described: AccessDenied']);
  state.build = first;
  await pass(60_000);
  state.build = undefined;
  await pass(60_000);
  t.equal(warnings.length, 2);
  t.same(changes, []);
});

test('an event is checked with the endpoint, and believed where that is not possible', async t => {
  const { state, changes, builds, pass } = watched();
  await pass(0);
  builds.told('rain', 'us-east-1', 'InService');
  await pass(0);
  t.same([state.described, changes], [2, []], 'nothing has changed');
  state.build = { ...first, configName: 'rain-2' };
  await pass(61_000);
  builds.told('rain', 'us-east-1', 'InService');
  await pass(0);
  t.equal(changes.length, 1, 'found by the poll or by the event, told once');
  state.build = undefined;
  builds.told('rain', 'us-east-1', 'another deployment');
  await pass(0);
  t.equal(changes.at(-1), 'us-east-1/rain: another deployment', 'the control plane does not answer: the event counts');
});

test('without polling every event counts once, however often it comes', async t => {
  const { state, changes, builds, pass } = watched({ everyMs: undefined });
  await pass(0);
  for (let times = 0; times < 3; times += 1) builds.told('rain', 'us-east-1', 'InService');
  t.same(changes, ['us-east-1/rain: InService']);
  builds.told('rain', 'us-east-1', 'Updating');
  builds.told('rain', 'us-east-1', 'InService');
  t.equal(changes.length, 3, 'the next deployment');
  await pass(61_000);
  builds.told('rain', 'us-east-1', 'InService');
  t.equal(changes.length, 4, 'and the one after it, of which nothing else was heard');
  t.equal(state.described, 0, 'nobody is asked');
});

test('nothing is asked or told after the stop', async t => {
  const { clock, state, changes, builds, pass } = watched();
  builds.stop();
  await pass(600_000);
  builds.told('rain', 'us-east-1', 'InService');
  t.same([state.described, changes, clock.timers], [0, [], 0]);
});
