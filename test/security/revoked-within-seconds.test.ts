import { type Test, test } from 'tap';
import { IssuedKeys } from '../../src/security/issued-keys.ts';
import { createSealer } from '../../src/security/sealing.ts';
import { openRecords } from '../../src/state/file.ts';
import { type StateLink, sharedState } from '../../src/state/shared-state.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { stateDir } from '../helpers/state-dir.ts';

const boundMs = 10_000;

/** A shared place that keeps everything and announces nothing; it may be away. */
function silentPlace() {
  const kept = new Map<string, string>();
  const place = { up: true };
  const link: StateLink = {
    get up() {
      return place.up;
    },
    readAll: async () => new Map(kept),
    offer: async (key, text) => {
      const known = kept.get(key);
      if (known === undefined || known < text) kept.set(key, text);
      return kept.get(key) ?? text;
    },
    replace: async (key, text) => {
      kept.set(key, text);
      return text;
    },
    drop: async () => {},
    onChange: () => () => {},
  };
  return { link, place, kept };
}

/** A replica's keys, with the slowest poll there can be. */
async function replica(t: Test, link: StateLink) {
  const clock = manualClock();
  const store = await openRecords({ dir: stateDir(t), clock, warn: t.fail });
  const state = sharedState({ store, link, clock, random: () => 1, warn: t.fail });
  t.teardown(() => state.close());
  const sealer = createSealer({ encryptionKey: 'k'.repeat(32), formerEncryptionKeys: [] });
  const keys = new IssuedKeys({ state, clock, background: work => void work() }, sealer);
  return { clock, keys };
}

test('a key revoked on one replica is refused on another within ten seconds, though nothing is announced', async t => {
  const { link, place, kept } = silentPlace();
  const one = await replica(t, link);
  const two = await replica(t, link);
  const { id } = await one.keys.create({ tenant: 'acme' }, 'ops');
  two.clock.advance(boundMs);
  await eventually(t, 'both know the key', () => two.keys.ring.byId(id).length === 1);
  await one.keys.revoke(id, 'ops');
  t.same(one.keys.ring.byId(id), [], 'here at once');
  t.equal(two.keys.ring.byId(id).length, 1, 'there nobody said so yet');
  two.clock.advance(boundMs);
  await eventually(t, 'there by then', () => two.keys.ring.byId(id).length === 0);

  const late = await one.keys.create({ tenant: 'acme' }, 'ops');
  two.clock.advance(boundMs);
  await eventually(t, 'both know another', () => two.keys.ring.byId(late.id).length === 1);
  place.up = false;
  await one.keys.revoke(late.id, 'ops');
  two.clock.advance(boundMs);
  place.up = true;
  one.clock.advance(boundMs / 2);
  await eventually(t, 'handed over in half of that', () =>
    [...kept.keys()].some(key => key.endsWith(`revoked/${late.id}`)),
  );
  two.clock.advance(boundMs / 2);
  await eventually(t, 'and read in the other half', () => two.keys.ring.byId(late.id).length === 0);
});
