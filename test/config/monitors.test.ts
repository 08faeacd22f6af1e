import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { loadConfigText } from '../../src/config/load.ts';
import { sampleBaseline, writeBaseline } from '../helpers/drift.ts';
import { stateDir } from '../helpers/state-dir.ts';

const surroundings = { env: {}, readFile: () => '' };

function load(file: string, monitor: object, more: object = {}) {
  const targets = [
    { region: 'us-east-1', endpoint: 'rain' },
    { region: 'eu-west-1', endpoint: 'rain' },
  ];
  const models = { rain: { monitor, versions: { v1: { targets } } } };
  const config = { auth: 'none', regions: { 'us-east-1': null, 'eu-west-1': null }, models, ...more };
  return loadConfigText(JSON.stringify(config), file, surroundings);
}

const told = (loaded: ReturnType<typeof load>) =>
  loaded.findings.flatMap(({ severity, path, problem }) =>
    /monitor|capture/.test(path) ? `${severity} ${path}: ${problem}` : [],
  );

test('a baseline is found beside the config, and its hash is that of the text', async t => {
  const dir = stateDir(t);
  writeBaseline(dir, sampleBaseline());
  const loaded = load(join(dir, 'c.yaml'), { baseline: 'baseline' });
  t.strictSame(told(loaded), []);
  t.equal(loaded.ok && loaded.resolved.config.models['rain']?.monitor?.baseline, join(dir, 'baseline'));
  const other = stateDir(t);
  writeBaseline(other, sampleBaseline());
  const same = load(join(other, 'c.yaml'), { baseline: 'baseline' });
  t.equal(loaded.ok && loaded.resolved.hash, same.ok && same.resolved.hash, 'on every machine');
});

test('missing and malformed baselines are told with their place', async t => {
  const dir = stateDir(t);
  const file = join(dir, 'c.yaml');
  t.match(told(load(file, {})), [/^warning models.rain.monitor: rain has no baseline/]);
  t.match(told(load(file, { baseline: 'nowhere' })), [
    /^error models.rain.monitor.baseline: nowhere is no baseline: has neither/,
  ]);
  mkdirSync(join(dir, 'bad'));
  writeFileSync(join(dir, 'bad', 'statistics.json'), '{"version":0,"features":[{"name":"x","inferred_type":"Odd"}]}');
  writeFileSync(join(dir, 'bad', 'constraints.json'), 'no');
  const bad = load(file, { baselines: { v1: 'bad' } });
  t.notOk(bad.ok);
  t.match(told(bad), [
    /^error models.rain.monitor.baselines.v1: bad is no baseline: statistics.json: \/features\/0\/inferred_type/,
    /constraints.json: is not valid JSON/,
  ]);
  writeBaseline(dir, sampleBaseline());
  t.match(told(load(file, { baseline: 'baseline', baselines: { v9: 'baseline' } })), [
    /^warning .*rain has no version v9/,
  ]);
});

test('marks, and places for captures', async t => {
  const dir = stateDir(t);
  const file = join(dir, 'c.yaml');
  const baseline = writeBaseline(dir, sampleBaseline());
  t.match(told(load(file, { baseline, marks: { psi: { high: 0.1, low: 0.2 } } })), [
    /^error .*marks.psi: low is 0.2, above high/,
  ]);
  const auc = (payload: object) => told(load(file, { baseline, performance: 'auc', payload }));
  t.match(auc({}), [/^error .*performance: there is no AUC of predictions that are no scores/]);
  t.strictSame(auc({ threshold: 0.5 }), []);
  t.match(told(load(file, { baseline, capture: {} })), [
    /^error .*capture: rain is captured and there is no destination/,
  ]);
  const destinations = (us: object) => ({ capture: { destinations: { us } } });
  const sound = { directory: '/c', encryption: 'none' };
  t.match(told(load(file, { baseline, capture: {} }, destinations(sound))), [
    /^warning .*residency eu serve is not captured/,
  ]);
  t.match(told(load(file, { baseline }, destinations({ encryption: 'none' }))), [
    /^error capture.destinations.us: is not one place/,
  ]);
  t.match(told(load(file, { baseline }, destinations({ s3: 's3://bucket/x/', encryption: 'none' }))), [
    /does not say where/,
  ]);
  t.match(told(load(file, { baseline }, destinations({ directory: '/c' }))), [
    /^error capture.destinations.us.encryption/,
  ]);
  const short = { directory: '/c', encryption: { encryptionKey: 'short' } };
  t.notOk(load(file, { baseline }, destinations(short)).ok);
});

test('scopes are classes the model is served in, each with a baseline of its own if it has one', async t => {
  const dir = stateDir(t);
  writeBaseline(dir, sampleBaseline());
  const file = join(dir, 'c.yaml');
  const baseline = 'baseline';
  const good = load(file, { baseline, scopes: { eu: { baseline }, us: { baselines: { v1: baseline } } } });
  const unbound = (scope: string) => `note models.rain.monitor.scopes.${scope}: no key is bound to ${scope} alone`;
  t.strictSame(told(good), [unbound('eu'), unbound('us')]);
  const { eu, us } = (good.ok && good.resolved.config.models['rain']?.monitor?.scopes) || {};
  t.strictSame([eu?.baseline, us?.baselines], [join(dir, 'baseline'), { v1: join(dir, 'baseline') }], 'made absolute');
  const keys = [['eu'], ['us', 'eu']].map((residency, index) => ({
    ...{ id: `key-${index}`, secret: `${index}-secret-of-twenty-letters`, tenant: 'acme', residency },
  }));
  const bound = load(file, { baseline, scopes: { eu: {}, us: {} } }, { auth: { keys } });
  t.strictSame(told(bound), [unbound('us')]);
  t.notOk(load(file, { baseline, scopes: { all: {} } }).ok, 'the name of the whole');
  const bad = load(file, { baseline, scopes: { ap: {}, eu: { baseline: 'nowhere' } } });
  t.notOk(bad.ok);
  t.match(told(bad), [
    /^error models.rain.monitor.scopes.eu.baseline: nowhere is no baseline/,
    /^error models.rain.monitor.scopes.ap: rain is not served in ap/,
  ]);
  const regions = { 'us-east-1': null, 'eu-west-1': { residency: 'us' } };
  t.match(told(load(file, { baseline, scopes: { us: {} } }, { regions })), [/^warning .*all calls of rain are of us/]);
});
