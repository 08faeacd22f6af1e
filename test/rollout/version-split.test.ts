import fc from 'fast-check';
import { test } from 'tap';
import type { Version } from '../../src/core/model.ts';
import { seededRandom } from '../../src/core/random.ts';
import { splitVersions } from '../../src/rollout/split.ts';
import { modelOf, requestOf, versionOf } from '../helpers/routing-fixtures.ts';

const versions = (weights: Readonly<Record<string, number>>): Version[] =>
  Object.entries(weights).map(([name, weight]) => versionOf([], { name, weight }));
const never = () => {
  throw new Error('a sticky call must not draw');
};

function chosen(weights: Readonly<Record<string, number>>, session: string): string | undefined {
  return splitVersions(versions(weights), modelOf([]), requestOf({ hints: { session } }), never)[0]?.name;
}

test('shares are the weights', t => {
  for (const weights of [
    { v1: 99, v2: 1 },
    { v1: 1, v2: 1 },
    { a: 70, b: 20, c: 10 },
  ]) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    const counts = new Map<string, number>();
    const callers = 40_000;
    for (let caller = 0; caller < callers; caller += 1) {
      const name = chosen(weights, `caller-${caller}`) ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [name, weight] of Object.entries(weights)) {
      const share = (counts.get(name) ?? 0) / callers;
      const expected = weight / total;
      const deviation = Math.sqrt((expected * (1 - expected)) / callers);
      t.ok(Math.abs(share - expected) < 4 * deviation, `${name} of ${JSON.stringify(weights)}: ${share}`);
    }
  }
  t.end();
});

test('raising a version’s weight only adds callers to it', t => {
  const weight = fc.integer({ min: 1, max: 100 });
  const check = () =>
    fc.assert(
      fc.property(
        weight,
        weight,
        weight,
        fc.integer({ min: 1, max: 900 }),
        fc.string(),
        (v1, v2, v3, more, session) => {
          const before = chosen({ v1, v2, v3 }, session);
          const after = chosen({ v1, v2: v2 + more, v3 }, session);
          return after === before || after === 'v2';
        },
      ),
      { numRuns: 1_000 },
    );
  t.doesNotThrow(check);
  t.end();
});

test('a version out of reach moves only its own callers', t => {
  const check = () =>
    fc.assert(
      fc.property(fc.string(), session => {
        const among = chosen({ v1: 50, v2: 30, v3: 20 }, session);
        return among === 'v3' || among === chosen({ v1: 50, v2: 30 }, session);
      }),
      { numRuns: 1_000 },
    );
  t.doesNotThrow(check);
  t.end();
});

test('after the chosen one come the others by weight; those of weight 0 take no part', t => {
  const all = versions({ v0: 0, v1: 10, v2: 30, v3: 60 });
  const random = seededRandom(2);
  for (let call = 0; call < 200; call += 1) {
    const [first, ...others] = splitVersions(all, modelOf([]), requestOf(), random).map(version => version.name);
    t.strictSame(
      others,
      ['v3', 'v2', 'v1'].filter(name => name !== first),
    );
  }
  t.strictSame(splitVersions(versions({ v0: 0 }), modelOf([]), requestOf(), random), []);
  t.strictSame(splitVersions([], modelOf([]), requestOf(), random), []);
  t.end();
});

const even = versions({ v1: 1, v2: 1 });
type Call = Parameters<typeof splitVersions>[2];

/** Whether calls that are alike in `same` always meet the same version, and calls that differ in it sometimes do not. */
function sticksTo(same: (key: string) => Call, model = modelOf([])): boolean {
  let seed = 0;
  const ask = (key: string) => {
    seed += 1;
    return splitVersions(even, model, same(key), seededRandom(seed))[0]?.name;
  };
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  const answers = keys.map(key => ask(key));
  const stable = keys.every((key, index) => ask(key) === answers[index] && ask(key) === answers[index]);
  return stable && new Set(answers).size === 2;
}

test('session, else inference id, else invocation id hold a caller to a version', t => {
  let other = 0;
  const noise = () => {
    other += 1;
    return `other-${other}`;
  };
  t.ok(
    sticksTo(session => ({
      ...requestOf({ hints: { session }, fields: { inferenceId: noise() } }),
      invocationId: noise(),
    })),
  );
  t.ok(sticksTo(inferenceId => ({ ...requestOf({ fields: { inferenceId } }), invocationId: noise() })));
  t.ok(sticksTo(invocationId => ({ ...requestOf(), invocationId })));
  t.end();
});

test('tenants are held together only where that is configured', t => {
  const byTenant = (tenant: string) => requestOf({ caller: { tenant } });
  t.notOk(sticksTo(byTenant));
  t.ok(sticksTo(byTenant, modelOf([], { splitByTenant: true })));
  let call = 0;
  const retried = (tenant: string) => {
    call += 1;
    return { ...byTenant(tenant), invocationId: `call-${call}` };
  };
  t.ok(sticksTo(retried, modelOf([], { splitByTenant: true })), 'an SDK’s id of one call does not undo it');
  t.end();
});

test('the same caller is not on trial in every model at once', t => {
  const of = (name: string, session: string) =>
    splitVersions(even, modelOf([], { name }), requestOf({ hints: { session } }), never)[0]?.name;
  const alike = Array.from({ length: 400 }, (_, index) => `s${index}`).filter(
    key => of('rain', key) === of('snow', key),
  );
  t.ok(alike.length > 140 && alike.length < 260, `${alike.length} of 400`);
  t.end();
});
