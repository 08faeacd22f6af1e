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
const pack = (number: number, group = 'rain') => ({ group, number, arn: `arn:package/${group}/${number}` });

/** Registered versions over a store, in front of a model that has every version that is registered. */
function fixture(state: VersionsPorts['state'], more: Partial<VersionsPorts> = {}) {
  const started: string[] = [];
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
      warn: () => {},
      ...more,
    },
    1_000,
  );
  return { versions, started, events, clock };
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
  for (const made of await Promise.all(told)) t.match(made, { version: 'r7', endpoint: 'rain-r7', number: 7 });
  t.equal(versions.list().length, 1);
  t.match(versions.list(), [{ canary: 'started', packageArn: 'arn:package/rain/7' }]);
  t.equal([...events, ...other.events].filter(({ type }) => type === 'version-registered').length, 1);
  t.ok(started.length + other.started.length >= 1, 'asking twice is harmless: a canary starts once by its id');
  t.equal(await versions.approved(pack(1, 'another group'), 'event'), undefined, 'nobody takes that group');
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
