import { hash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'tap';
import { IssuedKeys } from '../../src/security/issued-keys.ts';
import { decodeIssued } from '../../src/security/issued-record.ts';
import { createSealer } from '../../src/security/sealing.ts';
import { fileState } from '../../src/state/file.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';
import { stateDir } from '../helpers/state-dir.ts';

const options = { encryptionKey: 'k'.repeat(32), formerEncryptionKeys: [] };
const day = 86_400_000;

function replicas() {
  const clock = manualClock();
  const store = memoryReplicas();
  const background = (work: () => Promise<unknown>) => void work();
  const start = (sealer = createSealer(options)) => new IssuedKeys({ state: store(), clock, background }, sealer);
  return { clock, start };
}

const lives = (keys: IssuedKeys, { id, secret }: { id: string; secret: string }, nowMs: number) =>
  keys.ring
    .byId(id)
    .some(
      known => known.endsAtMs > nowMs && keys.ring.bySha256(known.sha256) === known && known.sha256 === sha256(secret),
    );
const sha256 = (text: string) => hash('sha256', text, 'hex');

test('what one replica issues, rotates and revokes, the others know', async t => {
  const { clock, start } = replicas();
  const [one, two] = [start(), start()];
  const first = await one.create({ tenant: 'acme' }, 'ops');
  t.ok(lives(two, first, clock.wallMs()));
  const second = await two.rotate(first.id, day);
  for (const keys of [one, two]) t.ok(lives(keys, first, clock.wallMs()) && lives(keys, second, clock.wallMs()));
  clock.advance(day);
  t.notOk(lives(one, first, clock.wallMs()), 'the older one ended');
  await one.revoke(first.id, 'ops');
  t.notOk(lives(two, second, clock.wallMs()));
  t.match(two.find(first.id), { state: 'revoked', revoked: { by: 'ops' } });
});

test('a rotation that another replica makes at the same time does not undo a revocation', async t => {
  const { clock, start } = replicas();
  const [one, two] = [start(), start()];
  const key = await one.create({ tenant: 'acme' }, 'ops');
  const [rotated] = await Promise.all([two.rotate(key.id, day), one.revoke(key.id, 'ops')]);
  for (const keys of [one, two]) t.notOk(lives(keys, key, clock.wallMs()) || lives(keys, rotated, clock.wallMs()));
});

test('an expired key stays expired, and says so', async t => {
  const { clock, start } = replicas();
  const keys = start();
  const expiresAt = new Date(clock.wallMs() + day).toISOString();
  const key = await keys.create({ tenant: 'acme', expiresAt }, 'ops');
  t.ok(lives(keys, key, clock.wallMs()));
  clock.advance(day);
  t.notOk(lives(keys, key, clock.wallMs()));
  t.equal(keys.find(key.id)?.state, 'expired');
  await t.rejects(keys.rotate(key.id, day), { code: 'invalid-request', message: /expired/ });
});

test('the last use is kept, at most once in five minutes', async t => {
  const { clock, start } = replicas();
  const keys = start();
  const { id } = await keys.create({ tenant: 'acme' }, 'ops');
  t.equal(keys.find(id)?.lastUsedAt, null);
  const use = () => {
    keys.ring.byId(id)[0]?.used();
    return Date.parse(keys.find(id)?.lastUsedAt ?? '') - clock.wallMs();
  };
  t.equal(use(), 0);
  clock.advance(60_000);
  t.equal(use(), -60_000);
  clock.advance(240_000);
  t.equal(use(), 0);
});

test('keys survive a restart; on disk nothing tells a secret; another encryption key opens nothing', async t => {
  const dir = `${stateDir(t)}/state`;
  mkdirSync(dir);
  const clock = manualClock();
  const open = async (sealer = createSealer(options)) => {
    const state = await fileState({ dir, clock, warn: t.fail });
    return { state, keys: new IssuedKeys({ state, clock, background: work => void work() }, sealer) };
  };
  const before = await open();
  const key = await before.keys.create({ tenant: 'acme' }, 'ops');
  const revoked = await before.keys.create({ tenant: 'acme' }, 'ops');
  await before.keys.revoke(revoked.id, 'ops');
  await before.state.close();
  t.notMatch(readFileSync(`${dir}/state.jsonl`, 'utf8'), key.secret);
  const after = await open();
  t.ok(lives(after.keys, key, clock.wallMs()));
  t.notOk(lives(after.keys, revoked, clock.wallMs()));
  after.keys.use(createSealer({ ...options, encryptionKey: 'x'.repeat(32) }));
  t.notOk(lives(after.keys, key, clock.wallMs()));
  t.equal(after.keys.find(key.id)?.state, 'unreadable');
  after.keys.use(createSealer({ encryptionKey: 'x'.repeat(32), formerEncryptionKeys: [options.encryptionKey] }));
  t.ok(lives(after.keys, key, clock.wallMs()), 'a former one still does');
  await after.state.close();
});

test('what is sealed opens only whole, and only for its owner', t => {
  const sealer = createSealer(options);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (secret, owner, at) => {
      const sealed = sealer.seal(secret, owner);
      const bytes = Buffer.from(sealed, 'base64url');
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
      return (
        sealer.open(sealed, owner) === secret &&
        sealer.open(sealed, `${owner}.`) === undefined &&
        sealer.open(bytes.toString('base64url'), owner) === undefined &&
        sealer.open(secret, owner) === undefined
      );
    }),
  );
  t.pass();
  t.end();
});

test('a record that is none lets nobody in', t => {
  const good = { id: 'a', tenant: 'b', createdAt: 'c', createdBy: 'd', secrets: [] };
  t.ok(decodeIssued(JSON.stringify(good)));
  for (const wrong of [{ expiresAt: 'soon' }, { secrets: [{}] }, { models: 'rain' }, { tenant: 1 }, { residency: [1] }])
    t.equal(decodeIssued(JSON.stringify({ ...good, ...wrong })), undefined, JSON.stringify(wrong));
  for (const text of ['', 'null', '[]', '{']) t.equal(decodeIssued(text), undefined);
  t.end();
});
