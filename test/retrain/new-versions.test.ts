import { test } from 'tap';
import type { GatewayEvent } from '../../src/core/events.ts';
import type { Model } from '../../src/core/model.ts';
import { Versions, type VersionsPorts } from '../../src/retrain/versions.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';

const newVersions = {
  packageGroup: 'rain',
  name: 'r{number}',
  endpoint: 'rain-r{number}',
  keep: 2,
  canary: true,
};
const pack = (number: number, group = 'rain', judgedAtMs?: number) => ({
  ...{ group, number, arn: `arn:package/${group}/${number}` },
  ...(judgedAtMs !== undefined && { judgedAtMs }),
});
const names = (versions: Versions) => versions.list().map(({ version, canary }) => `${version} ${canary}`);

/** Registered versions over a store, in front of a model that has every version that is registered. */
function fixture(state: VersionsPorts['state'], more: Partial<VersionsPorts> = {}) {
  const started: string[] = [];
  const stopped: string[] = [];
  const events: GatewayEvent[] = [];
  const clock = manualClock();
  const model = () =>
    ({
      name: 'rain',
      newVersions,
      versions: versions.list().map(({ version: name }) => ({ name })),
    }) as unknown as Model;
  const versions: Versions = new Versions(
    {
      state,
      clock,
      emit: event => void events.push(event),
      model: name => (name === 'rain' ? model() : undefined),
      models: () => [model()],
      inUse: () => new Set(),
      apply: async () => {},
      startCanary: async (_, version) => {
        started.push(version);
        return undefined;
      },
      stopCanary: async (_, version, by, why) => void stopped.push(`${version}: ${why} (${by})`),
      warn: () => {},
      ...more,
    },
    1_000,
  );
  return { versions, started, stopped, events, clock };
}

test('an approved package becomes a version with a canary, once however often it is told', async t => {
  const replica = memoryReplicas();
  const { versions, started, events } = fixture(replica());
  const other = fixture(replica());
  const told = [
    versions.approved(pack(7), 'event'),
    versions.approved(pack(7), 'event'),
    other.versions.approved(pack(7), 'x'),
  ];
  for (const made of await Promise.all(told))
    t.match(made, { taken: { version: 'r7', endpoint: 'rain-r7', number: 7 } });
  t.equal(versions.list().length, 1);
  t.match(versions.list(), [{ canary: 'started', packageArn: 'arn:package/rain/7' }]);
  t.equal([...events, ...other.events].filter(({ type }) => type === 'version-registered').length, 1);
  t.ok(started.length + other.started.length >= 1, 'asking twice is harmless: a canary starts once by its id');
  t.match(await versions.approved(pack(1, 'another group'), 'event'), {
    why: 'no model takes packages of another group',
  });
  t.equal(await versions.rejected(pack(1, 'another group'), 'event'), undefined);
});

test('a canary that cannot start yet is due until it can, and one that may not is refused with the reason', async t => {
  let refusal: { refusal: string; later: boolean } | undefined = { refusal: 'another canary runs', later: true };
  const { versions, clock } = fixture(memoryReplicas()(), { startCanary: async () => refusal });
  await versions.approved(pack(1), 'event');
  t.match(versions.list(), [{ canary: 'due' }]);
  refusal = undefined;
  clock.advance(1_000);
  await versions.startDue();
  t.match(versions.list(), [{ canary: 'started' }]);
  refusal = { refusal: 'no such region', later: false };
  await versions.approved(pack(2), 'event');
  t.match(versions.list()[1], { canary: 'refused', detail: 'no such region' });
});

test('old versions that are not in use are forgotten, and the newest are kept', async t => {
  const { versions } = fixture(memoryReplicas()(), { inUse: () => new Set(['r1']) });
  for (const number of [1, 2, 3, 4, 5]) await versions.approved(pack(number), 'event');
  t.strictSame(
    versions.list().map(({ version }) => version),
    ['r1', 'r4', 'r5'],
  );
  t.equal(await versions.remove('rain', 'r1'), false, 'one in use stays');
  t.equal(await versions.remove('rain', 'r4'), true);
  t.equal(await versions.remove('rain', 'r4'), false);
});

test('approvals that come late start no canary of an older version, nor bring back one that is gone', async t => {
  let later = true;
  const startCanary = async (_: string, version: string) => {
    if (later) return { refusal: 'another is on trial', later };
    started.push(version);
    return undefined;
  };
  const started: string[] = [];
  const { versions, events } = fixture(memoryReplicas()(), { startCanary });
  await versions.approved(pack(6), 'event');
  await versions.approved(pack(7), 'event');
  t.match(await versions.approved(pack(5), 'event'), { why: 'package 5 is older than those that are kept' });
  t.strictSame(names(versions), ['r6 refused', 'r7 due'], 'the newer one is tried when it can be');
  later = false;
  await versions.startDue();
  await versions.startDue();
  t.strictSame([started, names(versions)], [['r7'], ['r6 refused', 'r7 started']]);
  await versions.remove('rain', 'r6');
  t.match(await versions.approved(pack(6, 'rain', 0), 'event'), { why: 'r6 was taken out' }, 'told again');
  t.match(await versions.approved(pack(5), 'event'), { taken: { canary: 'refused', detail: 'package 7 is newer' } });
  t.strictSame([started, events.length], [['r7'], 3]);
});

test('a rejected package loses its canary; events in another order come to the same', async t => {
  const { versions, started, stopped } = fixture(memoryReplicas()());
  t.match(await versions.rejected(pack(1, 'rain', 2_000), 'hook'), { model: 'rain', version: 'r1' });
  t.match(await versions.approved(pack(1, 'rain', 1_000), 'hook'), { why: /package 1 was rejected/ });
  t.strictSame([names(versions), started], [[], []]);
  t.match(await versions.approved(pack(1, 'rain', 3_000), 'hook'), { taken: { version: 'r1' } }, 'approved after all');
  await versions.rejected(pack(1, 'rain', 2_000), 'hook');
  t.strictSame([names(versions), stopped.length], [['r1 started'], 1], 'what was known is not news');
  await versions.rejected(pack(1, 'rain', 2_500), 'hook');
  t.equal(stopped.length, 1, 'nor is what the approval has overtaken');
  await versions.rejected(pack(1, 'rain', 4_000), 'hook');
  t.equal(stopped.at(-1), 'r1: package 1 was rejected in the registry (hook)');
  const waiting = fixture(memoryReplicas()(), { startCanary: async () => ({ refusal: 'another runs', later: true }) });
  await waiting.versions.approved(pack(2, 'rain', 1_000), 'hook');
  await waiting.versions.rejected(pack(2, 'rain', 2_000), 'hook');
  t.strictSame(names(waiting.versions), ['r2 refused']);
});

test('a rejection whose canary could not be stopped is not done, and is carried out when it is told again', async t => {
  let away = true;
  const stopCanary = async () => {
    if (away) throw new Error('Redis does not answer');
  };
  const { versions } = fixture(memoryReplicas()(), { stopCanary });
  await versions.approved(pack(1, 'rain', 1_000), 'hook');
  await t.rejects(versions.rejected(pack(1, 'rain', 2_000), 'hook'));
  away = false;
  await versions.rejected(pack(1, 'rain', 2_000), 'hook');
  t.match(await versions.approved(pack(1, 'rain', 1_500), 'hook'), { why: /was rejected/ });
});
