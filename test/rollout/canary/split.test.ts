import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../../src/core/random.ts';
import type { Target } from '../../../src/core/target.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import { splitCanary } from '../../../src/rollout/canary/split.ts';
import { newCanary, trialModel } from '../../helpers/canary-record.ts';
import { requestOf } from '../../helpers/routing-fixtures.ts';

const model = trialModel();
const anywhere = { versions: model.versions, mayServe: () => true };
const never = () => {
  throw new Error('a known caller needs no chance');
};

function at(step: number, steps = [1, 5, 25, 50, 100]): CanaryRecord {
  return { ...newCanary({ steps }), step };
}

function chosen(record: CanaryRecord, session: string): string | undefined {
  return splitCanary(record, model, requestOf({ hints: { session } }), anywhere, never).versions[0]?.name;
}

test('each step has its share of the callers, and those of the step before', t => {
  const callers = Array.from({ length: 20_000 }, (_, index) => `caller-${index}`);
  let before = new Set<string>();
  for (const [step, share] of [0.001, 0.01, 0.05, 0.25, 0.5, 1].entries()) {
    const record = at(step, [0.1, 1, 5, 25, 50, 100]);
    const now = new Set(callers.filter(caller => chosen(record, caller) === 'v2'));
    const deviation = Math.sqrt((share * (1 - share)) / callers.length);
    t.ok(Math.abs(now.size / callers.length - share) <= 4 * deviation, `${now.size} of ${callers.length} at ${share}`);
    t.ok(before.isSubsetOf(now), 'nobody is taken back');
    before = now;
  }
  t.end();
});

test('a caller who comes again is in one group, whichever side is drawn, and groups are even', t => {
  const armOf = (hints: { session?: string }) =>
    splitCanary(at(3), model, requestOf({ hints }), anywhere, seededRandom(1)).arm;
  t.equal(armOf({})?.group, undefined, 'a call that nobody repeats is in none');
  const sizes = new Map<number, { canary: number; stable: number }>();
  for (let index = 0; index < 32_000; index += 1) {
    const { group = -1, side = 'stable' } = armOf({ session: `caller-${index}` }) ?? {};
    const size = sizes.get(group) ?? { canary: 0, stable: 0 };
    size[side] += 1;
    sizes.set(group, size);
  }
  t.same(armOf({ session: 'caller-1' }), armOf({ session: 'caller-1' }));
  t.equal(sizes.size, 32);
  for (const [group, { canary, stable }] of sizes)
    t.ok(Math.abs(canary - 500) < 110 && Math.abs(stable - 500) < 110, `${group}: ${canary} and ${stable}`);
  t.end();
});

test('a caller stays with its version from call to call', t => {
  const check = () =>
    fc.assert(
      fc.property(fc.string(), fc.nat(4), (session, step) => {
        const [one, again] = [chosen(at(step), session), chosen(at(step), session)];
        return one === again;
      }),
      { numRuns: 500 },
    );
  t.doesNotThrow(check);
  t.end();
});

test('both sides know of the experiment, and a canary’s call goes on to stable', t => {
  const random = seededRandom(1);
  const splits = Array.from({ length: 200 }, () => splitCanary(at(3), model, requestOf(), anywhere, random));
  for (const { versions, arm } of splits) {
    t.strictSame(
      versions.map(({ name }) => name),
      arm?.side === 'canary' ? ['v2', 'v1'] : ['v1'],
    );
    t.equal(arm?.canary, 'v2');
  }
  t.equal(new Set(splits.map(({ arm }) => arm?.side)).size, 2);
  t.end();
});

test('who cannot reach it, or names a version, is outside', t => {
  const record = at(4);
  const split = (
    request = requestOf(),
    reach: { versions?: typeof model.versions; mayServe?(target: Target): boolean } = {},
  ) => splitCanary(record, model, request, { ...anywhere, ...reach }, seededRandom(1));
  t.equal(split().arm?.side, 'canary');
  const outside = [
    split(requestOf(), { versions: model.versions.filter(({ name }) => name !== 'v2') }),
    split(requestOf(), { mayServe: ({ version }) => version !== 'v2' }),
    split(requestOf({ hints: { version: 'v1' } }), { versions: model.versions.slice(0, 1) }),
  ];
  for (const { arm, versions } of outside) t.strictSame([arm, versions.map(({ name }) => name)], [undefined, ['v1']]);
  t.end();
});

test('within a wave only its regions serve the canary', t => {
  const record = newCanary({ steps: [100], waves: [['eu-west-1'], 'rest'] });
  const regions = (wave: number) =>
    splitCanary({ ...record, wave }, model, requestOf(), anywhere, seededRandom(1)).versions[0]?.targets.map(
      ({ region }) => region,
    );
  t.strictSame(regions(0), ['eu-west-1']);
  t.strictSame(regions(1), ['us-east-1', 'eu-west-1']);
  const onlyUs = { ...anywhere, mayServe: ({ region }: Target) => region === 'us-east-1' };
  t.equal(splitCanary(record, model, requestOf(), onlyUs, seededRandom(1)).arm, undefined);
  t.end();
});

test('a promoted version has everybody, until the config’s weights are others', t => {
  const promoted: CanaryRecord = { ...newCanary(), state: 'promoted' };
  const names = (some = model, record = promoted) =>
    splitCanary(record, some, requestOf(), { ...anywhere, versions: some.versions }, seededRandom(1)).versions.map(
      ({ name }) => name,
    );
  t.strictSame(names(), ['v2', 'v1']);
  const [v1, v2, v3] = model.versions;
  if (v1 === undefined || v2 === undefined || v3 === undefined) throw new Error('three versions');
  t.strictSame(
    names({ ...model, versions: [v1, v2, v3, { ...v3, name: 'v4' }] }),
    ['v2', 'v1'],
    'one of weight 0 is no change',
  );
  t.strictSame(names({ ...model, versions: [{ ...v1, weight: 0 }, v2, { ...v3, weight: 100 }] }), ['v3']);
  t.strictSame(names(model, { ...promoted, state: 'rolled-back' }), ['v1']);
  const next: CanaryRecord = {
    ...newCanary(),
    canary: 'v3',
    state: 'rolled-back',
    base: { version: 'v2', weights: promoted.weights },
  };
  t.strictSame(names(model, next), ['v2', 'v1'], 'a canary after it falls back to it');
  t.end();
});

test('a config that leaves weight to the canary alone, while it runs, leaves nobody without a version', t => {
  const versions = model.versions.map(version => ({ ...version, weight: version.name === 'v2' ? 100 : 0 }));
  const edited = { ...model, versions };
  const { versions: order, arm } = splitCanary(at(0), edited, requestOf(), { ...anywhere, versions }, never);
  t.strictSame(
    order.map(({ name }) => name),
    ['v2'],
  );
  t.equal(arm, undefined, 'there is nothing to compare with');
  const onlyIt = versions.filter(({ name }) => name === 'v2');
  t.equal(
    splitCanary(at(0), { ...model, versions: onlyIt }, requestOf(), { ...anywhere, versions: onlyIt }, never).versions
      .length,
    1,
  );
  t.end();
});
