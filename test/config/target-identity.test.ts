import fc from 'fast-check';
import { test } from 'tap';
import type { TargetOptions } from '../../src/backends/options.ts';
import { targetId } from '../../src/config/resolve.ts';
import { edited, resolvedText, soundConfig } from '../helpers/config-texts.ts';

const idOf = (text: string, name: string) => resolvedText(text).targets.find(target => target.name === name)?.id;

test('a target stays itself when anything but its identity changes', async t => {
  const before = idOf(soundConfig, 'v1@eu-west-1/realtime');
  t.ok(before);
  const others = [
    edited('weight: 90', 'weight: 1'),
    edited('endpoint: rain-v1, price: { instance: ml.m5.large }', 'endpoint: rain-v1, maxConcurrency: 1, weight: 2'),
    edited('auth: none', 'auth: none\nreplicas: 3'),
    edited('eu-west-1: }', 'eu-west-1: { residency: gdpr } }'),
    edited('          - { region: us-east-1, endpoint: rain-v1, price: { instance: ml.m5.large } }\n', ''),
  ];
  for (const text of others) t.equal(idOf(text, 'v1@eu-west-1/realtime'), before);
});

test('the hash changes with anything in the config and with nothing else', async t => {
  const { hash } = resolvedText(soundConfig);
  t.match(hash, /^[0-9a-f]{12}$/);
  t.equal(resolvedText(`# a comment\n${soundConfig}`).hash, hash);
  t.not(resolvedText(edited('weight: 90', 'weight: 91')).hash, hash);
});

const name = fc.stringMatching(/^[a-z0-9]{1,3}$/);
const target: fc.Arbitrary<TargetOptions> = fc.record(
  {
    kind: fc.constantFrom('sagemaker-realtime' as const, 'sagemaker-multi-model' as const),
    region: fc.constantFrom('us-east-1', 'eu-west-1'),
    endpoint: name,
    maxConcurrency: fc.integer({ min: 1, max: 9 }),
    weight: fc.integer({ min: 0, max: 9 }),
    variant: name,
    component: name,
    targetModel: fc.stringMatching(/^[a-z]{1,2}(\/[a-z]{1,2})?$/),
  },
  { requiredKeys: ['kind', 'region', 'endpoint', 'maxConcurrency', 'weight'] },
);

test('two targets share an id exactly when all parts of their identity are equal', async t => {
  const parts = ({ kind, region, endpoint, variant, component, targetModel }: TargetOptions) =>
    JSON.stringify([kind, region, endpoint, variant ?? null, component ?? null, targetModel ?? null]);
  fc.assert(
    fc.property(
      target,
      target,
      (a, b) => (targetId('m', 'v', a) === targetId('m', 'v', b)) === (parts(a) === parts(b)),
    ),
    { seed: 7, numRuns: 2_000 },
  );
  t.not(
    targetId('a', 'b', { kind: 'sagemaker-realtime', region: 'r', endpoint: 'e', maxConcurrency: 1, weight: 1 }),
    targetId('b', 'a', { kind: 'sagemaker-realtime', region: 'r', endpoint: 'e', maxConcurrency: 1, weight: 1 }),
  );
});
