// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configs are about them
import { test } from 'tap';
import { edited, loadText, soundConfig, told } from '../helpers/config-texts.ts';

// What is broken, the config, and every error told: place, path, what was found, what to do.
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a list without an end',
    'models: [rain',
    ['c.yaml:1: this is not YAML; flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  ['a tab', edited('    aliases', '\taliases'), ['c.yaml:5: this is not YAML; tabs are not allowed as indentation']],
  [
    'a key written twice',
    edited('auth: none', 'auth: none\nauth: none'),
    ['c.yaml:2: the key auth is written twice; keep one of the two'],
  ],
  ['a tag', edited('auth: none', 'auth: !secret none'), ['c.yaml:1: unknown tag; write the value without it']],
  [
    'two documents',
    `${soundConfig}---\nauth: none\n`,
    ['c.yaml:20: a second document begins here; keep one document per file, without a second ---'],
  ],
  ['an empty file', '', ['c.yaml: found nothing; expected a mapping with auth, regions, models, schemaVersion, …']],
  [
    'a list instead of a mapping',
    '- rain',
    ['c.yaml: found a list; expected a mapping with auth, regions, models, schemaVersion, …'],
  ],
  [
    'an alias without an anchor',
    edited('[rain-prod]', '*names'),
    ['c.yaml:5: models.rain.aliases: nothing above is anchored as &names; write the value itself'],
  ],
  [
    'a reference without quotes in { }',
    edited('freshSeconds: 5', 'freshSeconds: ${FRESH}'),
    [
      'c.yaml:6: this is not YAML; unexpected flow-map-start at node end; inside { } or [ ] a text with ${ needs quotes',
    ],
  ],
  [
    'a tenant of models where there are none',
    'auth: none\nregions: { us-east-1 }\ntenants: { acme: { models: [rain] } }\n',
    [
      'c.yaml: models: is missing; write a mapping with at least one entry',
      'c.yaml:3: tenants.acme.models[0]: no model is called "rain"; none is configured: add it',
    ],
  ],
  [
    'a bucket with a name that is none',
    edited('auth: none', 'auth: none\njobs: { buckets: { us-east-1: B } }'),
    [
      'c.yaml:2: jobs.buckets.us-east-1: found "B"; expected a bucket’s name: 3 to 63 lower-case letters, digits, . and -',
    ],
  ],
  [
    'no word on who may call',
    edited('auth: none\n', ''),
    ['c.yaml: auth: is missing; write "none" or a mapping with keys, anonymous, issued (who may call)'],
  ],
  [
    'a key instead of a list of keys',
    edited('auth: none', 'auth: s3cret-key'),
    ['c.yaml:1: auth: found a value (not shown); expected "none" or a mapping with keys, anonymous, issued'],
  ],
  [
    'a hash that is none',
    edited('auth: none', 'auth: { keys: [{ id: app, tenant: app, sha256: abc }] }'),
    [
      'c.yaml:1: auth.keys[0].sha256: found a value (not shown); expected 64 hex digits, the SHA-256 of the key, in lower case',
    ],
  ],
  [
    'an unknown section',
    edited('regions:', 'region:'),
    [
      'c.yaml: regions: is missing; write a mapping with at least one entry',
      'c.yaml:2: region: unknown key; did you mean "regions"?',
    ],
  ],
  [
    'an unknown key, nearly right',
    edited('weight: 90', 'wieght: 90'),
    ['c.yaml:10: models.rain.versions.v1.wieght: unknown key; did you mean "weight"?'],
  ],
  [
    'an unknown key, nothing like it',
    edited('weight: 90', 'colour: blue'),
    ['c.yaml:10: models.rain.versions.v1.colour: unknown key; known here: weight, targets, transforms'],
  ],
  [
    'an unknown kind',
    edited('kind: sagemaker-serverless', 'kind: lambda'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].kind: found "lambda"; expected one of "sagemaker-realtime", "sagemaker-serverless", "sagemaker-multi-model", "sagemaker-async", "bedrock", "http"',
    ],
  ],
  [
    'a shortened kind',
    edited('kind: sagemaker-serverless', 'kind: serverless'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].kind: found "serverless"; expected one of "sagemaker-realtime", "sagemaker-serverless", "sagemaker-multi-model", "sagemaker-async", "bedrock", "http" (did you mean "sagemaker-serverless"?)',
    ],
  ],
  [
    'a word for a number',
    edited('weight: 90', 'weight: ninety'),
    ['c.yaml:10: models.rain.versions.v1.weight: found "ninety"; expected a number, 0 or more'],
  ],
  [
    'a number out of range',
    edited('weight: 90', 'weight: -1'),
    ['c.yaml:10: models.rain.versions.v1.weight: found -1; expected a number, 0 or more'],
  ],
  [
    'an endless number',
    edited('weight: 90', 'weight: .inf'),
    ['c.yaml:10: models.rain.versions.v1.weight: found Infinity; expected a number, 0 or more'],
  ],
  [
    'a fraction',
    edited('auth: none', 'auth: none\nreplicas: 1.5'),
    ['c.yaml:2: replicas: found 1.5; expected a whole number, 1 to 10000'],
  ],
  [
    'a number for a text',
    edited('endpoint: rain-v1,', 'endpoint: 5,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].endpoint: found 5; expected a name of up to 63 letters, digits and inner hyphens, in quotes',
    ],
  ],
  [
    'a missing key',
    edited('region: us-east-1, endpoint: rain-v1', 'endpoint: rain-v1'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].region: is missing; write a text that is not empty (a key of `regions`)',
    ],
  ],
  [
    'a section without content',
    edited('auth: none', 'auth: none\nlog:'),
    ['c.yaml:2: log: found nothing; expected a mapping with level, file, sampleRate'],
  ],
  [
    'no targets',
    edited(
      '        targets:\n          - { region: us-east-1, endpoint: drizzle, price: { instance: ml.m5.large } }\n          - { kind: sagemaker-serverless, region: eu-west-1, endpoint: drizzle, memoryMb: 1024 }\n',
      '        targets: []\n',
    ),
    ['c.yaml:17: models.drizzle.versions.v1.targets: found an empty list; expected a list that is not empty'],
  ],
  [
    'no models',
    `${soundConfig.slice(0, soundConfig.indexOf('models:'))}models: {}\n`,
    ['c.yaml:3: models: found an empty mapping; expected a mapping with at least one entry'],
  ],
  [
    'a region AWS has not',
    edited('eu-west-1: }', 'europe: }'),
    [
      'c.yaml:2: regions.europe: found the name "europe"; expected an AWS region such as us-east-1, or x-NAME for another place',
      'c.yaml:13: models.rain.versions.v1.targets[1].region: no region is called "eu-west-1"; known: us-east-1, europe',
      'c.yaml:19: models.drizzle.versions.v1.targets[1].region: no region is called "eu-west-1"; known: us-east-1, europe',
    ],
  ],
  [
    'a name with a space',
    edited('  drizzle:\n', '  dri zzle:\n'),
    [
      'c.yaml:7: models.rain.fallback[1].model: no model is called "drizzle"; known: rain, dri zzle (did you mean "dri zzle"?)',
      'c.yaml:14: models["dri zzle"]: found the name "dri zzle"; expected a name of up to 63 letters, digits and inner hyphens',
    ],
  ],
  [
    '__proto__',
    edited('auth: none', 'auth: none\n__proto__: { auth: x }'),
    ['c.yaml:2: a key here is not a plain word; write the key as text'],
  ],
  [
    'a version to come',
    edited('auth: none', 'auth: none\nschemaVersion: 2'),
    ['c.yaml:2: schemaVersion: found 2; expected 1'],
  ],
  [
    'a role that is no ARN',
    edited('us-east-1: ,', 'us-east-1: { credentials: { roleArn: my-role } },'),
    [
      'c.yaml:2: regions.us-east-1.credentials.roleArn: found "my-role"; expected a role such as arn:aws:iam::123456789012:role/name',
    ],
  ],
  [
    'half a key pair',
    edited('us-east-1: ,', 'us-east-1: { credentials: { accessKeyId: AKIA } },'),
    ['c.yaml:2: regions.us-east-1.credentials.secretAccessKey: is missing; write a text that is not empty'],
  ],
  [
    'an unset variable',
    edited('auth: none', 'auth: none\nstateDir: ${STATE}'),
    ['c.yaml:2: stateDir: the environment variable STATE is not set; set it, or write ${STATE:-a default}'],
  ],
  [
    'a file that is not there',
    edited('auth: none', 'auth: none\nstateDir: ${file:/nowhere}'),
    ['c.yaml:2: stateDir: cannot read the file /nowhere (ENOENT); mend the path or the file’s permissions'],
  ],
  [
    'a reference of no form',
    edited('auth: none', 'auth: none\nstateDir: ${a-b}'),
    [
      'c.yaml:2: stateDir: ${a-b} is no reference; write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for a plain ${',
    ],
  ],
];

for (const [name, text, errors] of cases) {
  test(`refuses ${name}`, async t => {
    const loaded = loadText(text);
    t.notOk(loaded.ok);
    t.same(told(loaded, 'error'), errors);
  });
}

test('takes the config that the cases above break', async t => {
  t.ok(loadText(soundConfig).ok);
});

test('tells every mistake in one run, in the order of the file', async t => {
  const text = edited('weight: 90', 'wieght: 90')
    .replace('freshSeconds: 5', 'freshSeconds: -5')
    .replace('region: us-east-1, endpoint: rain-v1', 'region: us-west-2, endpoint: rain-v1')
    .replace('model: drizzle', 'model: storm')
    .replace(', memoryMb: 1024', '');
  t.same(
    loadText(text)
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ path }) => path),
    [
      'models.rain.cache.freshSeconds',
      'models.rain.fallback[1].model',
      'models.rain.versions.v1.wieght',
      'models.rain.versions.v1.targets[0].region',
      'models.drizzle.versions.v1.targets[1].memoryMb',
    ],
  );
});

test('says nothing more of a part that is wrong already', async t => {
  const text = edited('kind: sagemaker-serverless', 'kind: sagemaker-serverles');
  t.same(
    loadText(text)
      .findings.filter(({ severity }) => severity !== 'note')
      .map(({ path }) => path),
    ['models.drizzle.versions.v1.targets[1].kind'],
  );
});
