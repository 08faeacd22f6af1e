import fc from 'fast-check';
import { test } from 'tap';
import { hardExclusion } from '../../src/routing/candidates.ts';
import type { Exclusion } from '../../src/routing/router.ts';
import {
  type Asking,
  modelOf,
  requestOf,
  routingBench,
  serverlessTarget,
  targetOf,
  versionOf,
} from '../helpers/routing-fixtures.ts';

const multiModel = targetOf({ kind: 'sagemaker-multi-model' });
const fixed = targetOf({ kind: 'sagemaker-multi-model', targetModel: 'SEA' });
const variant = targetOf({ variant: 'blue' });
const component = targetOf({ component: 'copy-1' });
const mayName = { callerMayName: { variant: true, component: true } };

const cases: readonly [string, ReturnType<typeof targetOf>, Asking, Exclusion | undefined, object?][] = [
  ['a plain call', targetOf(), {}, undefined],
  ['the model’s residency', targetOf(), {}, 'residency', { residency: new Set(['us']) }],
  ['the key’s residency', targetOf(), { caller: { residency: new Set(['us']) } }, 'residency'],
  ['the hint’s residency', targetOf(), { hints: { residency: 'us' } }, 'residency'],
  ['a hint inside the bounds', targetOf(), { hints: { residency: 'eu' } }, undefined],
  ['a pin elsewhere', targetOf(), { hints: { region: { pin: 'us-east-1' } } }, 'pinned-elsewhere'],
  ['a pin here', targetOf(), { hints: { region: { pin: 'eu-west-1' } } }, undefined],
  ['an excluded region', targetOf(), { hints: { region: { exclude: 'eu-west-1' } } }, 'region-excluded'],
  ['another excluded region', targetOf(), { hints: { region: { exclude: 'us-east-1' } } }, undefined],
  ['a body serverless does not take', serverlessTarget(), { bodyBytes: 4_194_305 }, 'body-too-large'],
  ['the largest it takes', serverlessTarget(), { bodyBytes: 4_194_304 }, undefined],
  ['a stream from an instance', targetOf(), { streaming: true }, undefined],
  ['a stream from serverless', serverlessTarget(), { streaming: true }, undefined],
  ['a stream from a multi-model endpoint', fixed, { streaming: true }, 'no-streaming'],
  ['no target model named', multiModel, {}, 'needs-target-model'],
  ['a target model named', multiModel, { fields: { targetModel: 'SEA' } }, undefined],
  ['a fixed target model', fixed, {}, undefined],
  ['the fixed one named', fixed, { fields: { targetModel: 'SEA' } }, undefined],
  ['another than the fixed one', fixed, { fields: { targetModel: 'JFK' } }, 'other-target-model'],
  ['a target model for an instance', targetOf(), { fields: { targetModel: 'SEA' } }, 'other-target-model'],
  ['the variant named', variant, { fields: { targetVariant: 'blue' } }, undefined],
  ['another variant named', variant, { fields: { targetVariant: 'green' } }, 'other-variant'],
  ['a variant, not allowed to name one', targetOf(), { fields: { targetVariant: 'blue' } }, 'other-variant'],
  ['a variant, allowed to', targetOf(), { fields: { targetVariant: 'blue' } }, undefined, mayName],
  ['another variant, allowed to', variant, { fields: { targetVariant: 'green' } }, 'other-variant', mayName],
  ['the component named', component, { fields: { inferenceComponent: 'copy-1' } }, undefined],
  ['a component, not allowed to name one', targetOf(), { fields: { inferenceComponent: 'x' } }, 'other-component'],
  ['a component, allowed to', targetOf(), { fields: { inferenceComponent: 'x' } }, undefined, mayName],
];

for (const [name, target, asking, why, model] of cases) {
  test(`${name}: ${why ?? 'eligible'}`, t => {
    t.equal(hardExclusion(modelOf([versionOf([target])], model), target, requestOf(asking)), why);
    t.end();
  });
}

const classes = ['us', 'eu', 'ap'] as const;
const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-1', 'us-west-2'] as const;
const bound = fc.option(
  fc.uniqueArray(fc.constantFrom(...classes)).map(chosen => new Set<string>(chosen)),
  { nil: undefined },
);

test('residency is never relaxed, whatever is ill and whoever asks', t => {
  const check = () =>
    fc.assert(
      fc.property(
        bound,
        bound,
        fc.option(fc.constantFrom(...classes), { nil: undefined }),
        fc.uniqueArray(fc.constantFrom(...regions)),
        fc.integer(),
        (modelBound, keyBound, hint, ill, seed) => {
          const { routing, states, add } = routingBench(seed);
          const version = versionOf(regions.map(region => targetOf({ region })));
          const model = add(modelOf([version], { residency: modelBound, warmShare: 0.2 }));
          for (const target of version.targets) {
            const gone = { usable: false, why: 'ejected' } as const;
            if (ill.some(region => region === target.region)) states.availability.set(target.id, gone);
          }
          const request = requestOf({
            hints: hint === undefined ? {} : { residency: hint },
            caller: keyBound === undefined ? {} : { residency: keyBound },
          });
          const allowed = (residency: string) =>
            (modelBound?.has(residency) ?? true) &&
            (keyBound?.has(residency) ?? true) &&
            (hint ?? residency) === residency;
          const { candidates, excluded } = routing.router.route(model, version, request);
          const reachable = routing.router.reachable(model, request).length > 0;
          return (
            candidates.every(({ target }) => allowed(target.residency)) &&
            excluded.every(({ target, why }) => (why === 'residency') === !allowed(target.residency)) &&
            reachable === version.targets.some(target => allowed(target.residency))
          );
        },
      ),
    );
  t.doesNotThrow(check);
  t.end();
});

test('versions without an eligible target are not reachable', t => {
  const { routing } = routingBench();
  const american = versionOf([targetOf({ region: 'us-east-1', version: 'v1' })]);
  const small = versionOf([serverlessTarget({ version: 'v2' })]);
  const both = versionOf([targetOf({ version: 'v3' })]);
  const model = modelOf([american, small, both]);
  const names = (asking: Asking) => routing.router.reachable(model, requestOf(asking)).map(version => version.name);
  t.strictSame(names({}), ['v1', 'v2', 'v3']);
  t.strictSame(names({ bodyBytes: 5_000_000 }), ['v1', 'v3']);
  t.strictSame(names({ hints: { residency: 'eu' } }), ['v2', 'v3']);
  t.strictSame(names({ hints: { region: { exclude: 'eu-west-1' } } }), ['v1']);
  t.strictSame(names({ caller: { residency: new Set(['ap']) } }), []);
  t.strictSame(names({}), ['v1', 'v2', 'v3'], 'and a plain call after those reaches all');
  t.end();
});

test('ill targets are reachable: health is another question', t => {
  const { routing, states } = routingBench();
  const target = targetOf();
  states.availability.set(target.id, { usable: false, why: 'drained' });
  const model = modelOf([versionOf([target])]);
  t.equal(routing.router.reachable(model, requestOf()).length, 1);
  t.equal(routing.router.mayEverServe(model, target, requestOf()), true);
  t.equal(routing.router.mayEverServe(model, target, requestOf({ hints: { residency: 'us' } })), false);
  t.end();
});
