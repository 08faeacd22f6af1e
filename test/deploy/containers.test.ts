import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const service = (name: string): Service => compose.services[name] ?? {};
/** Instructions of the Dockerfile's last stage, continuation lines joined. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter(line => line !== '');
const lastStage = instructions.slice(instructions.findLastIndex(line => line.startsWith('FROM ')));
const argument = (name: string, lines = lastStage) =>
  lines.filter(line => line.startsWith(`${name} `)).map(line => line.slice(name.length + 1));

test('the image runs the pinned Node, as an ordinary user, and says whether it lives', async t => {
  const pinned = (JSON.parse(read('package.json')) as { dependencies: { node: string } }).dependencies.node;
  for (const from of argument('FROM', instructions))
    t.match(from, `node:${pinned}-`, 'the Node that package.json pins');
  t.strictSame(argument('USER'), ['node']);
  t.ok(
    lastStage.indexOf('USER node') > lastStage.findIndex(line => line.startsWith('RUN ')),
    'nothing runs as root after',
  );
  t.match(argument('HEALTHCHECK').join(), /"node".*fetch\('http:\/\/127\.0\.0\.1:8080\/livez'\)/);
  t.strictSame(argument('VOLUME'), ['/var/lib/meridian']);
  t.match(argument('ENV').join(), 'MERIDIAN_STATE_DIR=/var/lib/meridian');
});

test('what the image copies and runs exists and is let through .dockerignore', async t => {
  const kept = read('.dockerignore')
    .split('\n')
    .filter(line => line.startsWith('!'))
    .map(line => line.slice(1));
  const copied = argument('COPY', instructions)
    .filter(line => !line.startsWith('--from='))
    .flatMap(line => line.split(' ').slice(0, -1));
  for (const path of copied) {
    t.ok(existsSync(join(root, path)), `${path} exists`);
    t.ok(kept.includes(path), `${path} is let through`);
  }
  const commands = [JSON.parse(argument('CMD')[0] ?? '[]'), service('gateway').command, service('simulator').command];
  for (const command of commands as string[][]) {
    const files = command.filter(word => /\.(ts|yaml)$/.test(word));
    t.ok(files.length > 0);
    for (const file of files) t.ok(statSync(join(root, file)).isFile(), `${file} exists`);
  }
});

test('our containers cannot write but to the state volume, and hold no privileges', async t => {
  for (const name of ['gateway', 'simulator']) {
    const { build, read_only, tmpfs, cap_drop } = service(name);
    t.match({ build, read_only, tmpfs, cap_drop }, { build: '.', read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'] });
  }
  t.strictSame(service('gateway').volumes, ['gateway-state:/var/lib/meridian']);
  t.match(service('simulator').command, ['sim/main.ts', '--host', '0.0.0.0'], 'reached from the other containers');
});

test('the six services are there, published on this machine only, with what they mount', async t => {
  const names = ['gateway', 'simulator', 'redis', 'prometheus', 'alertmanager', 'grafana'];
  t.strictSame(Object.keys(compose.services).toSorted(), names.toSorted());
  t.match(service('redis').command?.join(' '), '--appendonly yes');
  for (const [name, { image, ports = [], volumes = [] }] of Object.entries(compose.services)) {
    t.match(image, /:[\w.-]+$/, `${name} has a pinned tag`);
    t.notMatch(image, /:latest$/);
    for (const port of ports) t.match(port, /^127\.0\.0\.1:/, `${name} is published on this machine`);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      t.ok(source.startsWith('./') ? existsSync(join(root, source)) : source in compose.volumes, `${name}: ${source}`);
    }
  }
});

test("the gateway's config passes our own check and fits the compose file", async t => {
  for (const set of [{}, { MERIDIAN_ADMIN_KEY_SHA256: '', MERIDIAN_CACHE_SECRET: '' }]) {
    const loaded = loadConfig(join(root, 'config/compose.yaml'), { ...set, MERIDIAN_STATE_DIR: '/var/lib/meridian' });
    t.strictSame(
      loaded.findings.filter(finding => finding.severity === 'error'),
      [],
    );
    if (!loaded.ok) return;
    const { config } = loaded.resolved;
    t.equal(config.stateDir, '/var/lib/meridian');
    t.equal(new URL(config.redis?.url ?? '').hostname, 'redis');
    for (const [name, region] of Object.entries(config.regions)) {
      t.equal(new URL(region?.endpoints?.sagemakerRuntime ?? '').hostname, 'simulator', name);
    }
    t.ok(config.admin.hosts.includes('gateway'));
    t.match(config.listen, { data: '0.0.0.0:8080', admin: '0.0.0.0:8081' });
    t.ok(config.limits.drainMs + config.limits.shutdownMs < 20_000, 'less than the stop_grace_period');
  }
});
