import { readFileSync } from 'node:fs';
import { test } from 'tap';
import Schema from 'typebox/schema';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig, loadPrices } from '../../src/config/load.ts';
import { configurationPage, minimalConfig, referenceRows } from '../../src/config/reference.ts';
import { edited, soundConfig } from '../helpers/config-texts.ts';

const pathOf = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const textOf = (name: string) => readFileSync(pathOf(name), 'utf8');
const stale = 'run: node src/config/generate-schema.ts';

test('config/schema.json and docs/configuration.md are those the option schemas give', async t => {
  t.equal(textOf('config/schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, stale);
  t.equal(textOf('docs/configuration.md'), configurationPage(textOf('config/gateway.yaml')), stale);
});

test('every key of the reference has a meaning', async t => {
  const rows = referenceRows();
  t.ok(rows.length > 100);
  t.same(
    rows.filter(({ meaning }) => meaning === '').map(({ path }) => path),
    [],
  );
});

test('the shipped configs load without any environment, and without warnings', async t => {
  for (const name of ['config/gateway.yaml', 'config/demo.yaml', 'config']) {
    const loaded = loadConfig(pathOf(name), {});
    t.ok(loaded.ok, name);
    t.same(
      loaded.findings.filter(({ severity }) => severity !== 'note'),
      [],
      name,
    );
  }
});

test('no key opens the production example as it is shipped', async t => {
  const loaded = loadConfig(pathOf('config/gateway.yaml'), {});
  const auth = loaded.ok ? loaded.resolved.config.auth : 'none';
  t.not(auth, 'none');
  if (auth === 'none') return;
  for (const { sha256 } of auth.keys) t.match(sha256, /^(0{64}|f{64})$/);
});

test('the demo never reaches beyond this machine and states its own credentials', async t => {
  const loaded = loadConfig(pathOf('config/demo.yaml'), {});
  if (!loaded.ok) throw new Error('must load');
  const { regions, identities, config } = loaded.resolved;
  for (const { sagemakerRuntimeUrl, stsUrl } of regions.values()) {
    t.match(sagemakerRuntimeUrl, /^http:\/\/runtime\.sagemaker\.[a-z0-9-]+\.sim\.test:910[1-4]$/);
    t.match(stsUrl, /^http:\/\/sts\.[a-z0-9-]+\.sim\.test:910[1-4]$/);
  }
  t.same(config.connections.dns.servers, ['127.0.0.1:9153'], 'names are the simulator’s to answer');
  const pair = { accessKeyId: 'demo', secretAccessKey: 'demo' };
  for (const { credentials } of identities.values()) {
    const source = typeof credentials === 'object' && 'roleArn' in credentials ? credentials.source : credentials;
    t.same(source, pair, 'never the default chain');
  }
  t.match(Object.values(config.listen), [/^127\.0\.0\.1:/, /^127\.0\.0\.1:/]);
});

test('editors take what the gateway takes, and complain of what it refuses', async t => {
  const schema = Schema.Compile(configJsonSchema());
  for (const name of ['config/gateway.yaml', 'config/demo.yaml']) {
    t.match(textOf(name), /^# yaml-language-server: \$schema=schema\.json\n/);
    t.ok(schema.Check(parse(textOf(name))), name);
  }
  t.ok(schema.Check(parse(minimalConfig)));
  t.ok(schema.Check(parse(soundConfig)));
  for (const text of [
    edited('weight: 90', 'wieght: 90'),
    edited('auth: none\n', ''),
    edited('weight: 90', 'weight: ninety'),
  ]) {
    t.notOk(schema.Check(parse(text)), text);
  }
});

test('every list price has a source with a date', async t => {
  const { sources, instanceUsdPerHour, ...others } = loadPrices();
  const used = [...Object.values(instanceUsdPerHour), ...Object.values(others)].flatMap(prices =>
    Object.values(prices).map(({ from }) => from),
  );
  t.ok(used.length > 50);
  t.same([...new Set(used)].sort(), Object.keys(sources).sort(), 'none without a source, no source without a price');
  const directory = t.testdir({ 'p.yaml': textOf('config/prices.yaml').replace('from: price-list', 'from: hearsay') });
  t.throws(() => loadPrices(`${directory}/p.yaml`), /no source is called hearsay/);
});
