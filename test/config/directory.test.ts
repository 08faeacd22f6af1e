import { test } from 'tap';
import { findingText } from '../../src/config/findings.ts';
import { loadConfig } from '../../src/config/load.ts';

const top = 'auth: none\nregions: { us-east-1: , eu-west-1: }\n';
const model = (endpoint: string) => `versions:
  v1:
    targets:
      - { region: us-east-1, endpoint: ${endpoint}, price: { instance: ml.m5.large } }
      - { region: eu-west-1, endpoint: ${endpoint}, price: { instance: ml.m5.large } }
`;
const errors = (directory: string) =>
  loadConfig(directory, {})
    .findings.filter(({ severity }) => severity === 'error')
    .map(finding => findingText(finding).replaceAll(`${directory}/`, ''));

test('one file for the top level and one per model', async t => {
  const loaded = loadConfig(
    t.testdir({
      'gateway.yaml': top,
      'prices.yaml': 'not: read, since gateway.yaml is there',
      models: { 'rain.yaml': model('rain'), 'fog.yml': model('fog'), '.hidden.yaml': '[', 'notes.txt': '[' },
    }),
    {},
  );
  t.ok(loaded.ok);
  t.same(loaded.ok && [...loaded.resolved.models.keys()], ['fog', 'rain']);
});

test('without gateway.yaml every top-level file says its part', async t => {
  const loaded = loadConfig(
    t.testdir({
      'a.yaml': 'auth: none\nregions: { us-east-1: }\n',
      'b.yaml': 'regions: { eu-west-1: }\nreplicas: 2\n',
      'empty.yaml': '# nothing yet\n',
      models: { 'rain.yaml': model('rain') },
    }),
    {},
  );
  t.ok(loaded.ok);
  t.same(loaded.ok && [...loaded.resolved.regions.keys()], ['us-east-1', 'eu-west-1']);
  t.equal(loaded.ok && loaded.resolved.config.replicas, 2);
});

test('what two files both say is a mistake, told with both places', async t => {
  const directory = t.testdir({
    'a.yaml': `${top}replicas: 2\nmodels:\n  rain:\n${model('rain').replace(/^/gm, '    ')}`,
    'b.yaml': '# again\nreplicas: 3\nregions:\n  us-east-1:\n',
    models: { 'rain.yaml': model('rain') },
  });
  t.same(errors(directory), [
    'b.yaml:2: replicas: is also in a.yaml:3; keep one of the two',
    'b.yaml:4: regions.us-east-1: is also in a.yaml:2; keep one of the two',
    'models/rain.yaml:1: models.rain: is also in a.yaml:5; keep one of the two',
  ]);
});

test('mistakes name the file they are in', async t => {
  const directory = t.testdir({
    'gateway.yaml': `${top}replica: 2\n`,
    models: {
      'rain.yaml': model('rain').replace('region: eu-west-1', 'region: eu-west-2'),
      'fog.yaml': '',
      'hail.yaml': '- x',
    },
  });
  t.same(errors(directory), [
    'gateway.yaml:3: replica: unknown key; did you mean "replicas"?',
    'models/fog.yaml:1: models.fog: found nothing; expected a mapping with versions, aliases, owner, publicFallback, …',
    'models/hail.yaml:1: models.hail: found a list; expected a mapping with versions, aliases, owner, publicFallback, …',
    'models/rain.yaml:5: models.rain.versions.v1.targets[1].region: no region is called "eu-west-2"; known: us-east-1, eu-west-1 (did you mean "eu-west-1"?)',
  ]);
});

test('an empty directory and a missing path are mistakes, not crashes', async t => {
  t.match(errors(t.testdir({})), [/expected a mapping|is missing/]);
  t.match(errors(`${t.testdirName}/none`), [/cannot be read \(ENOENT\); name a config file or a directory$/]);
});
