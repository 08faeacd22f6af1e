import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'tap';

/** What each folder of src/ may import of the others; `a/b` names one file. ARCHITECTURE.md has the same table in words. */
const everything = ['*'];
const may: Readonly<Record<string, readonly string[]>> = {
  core: [],
  statistics: [],
  wire: ['core'],
  state: ['core', 'state'],
  telemetry: ['core'],
  backends: ['core', 'wire'],
  security: ['core', 'wire', 'state/state'],
  health: ['core', 'state/state'],
  routing: ['core', 'state/state'],
  fallback: ['core', 'state/state'],
  rollout: ['core', 'statistics', 'state/state'],
  drift: ['core', 'statistics', 'state/state'],
  retrain: ['core', 'state/state', 'backends/post', 'backends/control-plane'],
  jobs: ['core', 'state/state', 'backends/object-store', 'backends/post', 'backends/transform-plane'],
  inference: ['core', 'routing/router', 'health/health', 'backends/backend', 'fallback/cache'],
  routes: ['core', 'wire', 'inference', 'security'],
  config: ['core', '*/options', 'drift/capture-options', 'drift/baseline-files'],
  cli: everything,
  'app.ts': everything,
  compose: everything,
  'server.ts': everything,
};

/** One door per library: the only folders or files of src/ that may import it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  fastify: ['app.ts', 'compose/listen.ts', 'compose/planes.ts', 'routes'],
  undici: ['backends'],
  '@smithy/': ['backends'],
  '@aws-sdk/': ['backends'],
  opossum: ['health/opossum-breaker.ts'],
  ioredis: ['state/redis-client.ts'],
  'prom-client': ['telemetry/metrics.ts', 'telemetry/cells.ts'],
  pino: ['telemetry/logger.ts'],
  'lru-cache': ['fallback'],
  yaml: ['config'],
};

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
const importsOf = (file: string) =>
  [...readFileSync(join(src, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    match => match[1] ?? '',
  );
const folderOf = (file: string) => file.split('/')[0] ?? file;

/** Whether `file` (of another folder) is one of the allowed `folder`, `folder/file` or `* /file` entries. */
function allowed(file: string, entries: readonly string[]): boolean {
  const [folder, rest = ''] = [folderOf(file), file.slice(folderOf(file).length + 1).replace(/\.ts$/, '')];
  return entries.some(
    entry => entry === '*' || entry === folder || entry === `${folder}/${rest}` || entry === `*/${rest}`,
  );
}

test('a folder imports only what its row names', async t => {
  t.ok(files.length > 50, 'the source was found');
  for (const file of files) {
    const row = may[folderOf(file)];
    t.ok(row, `${file} stands in a folder the table knows`);
    for (const target of importsOf(file).filter(name => name.startsWith('.'))) {
      const imported = normalize(join(dirname(file), target));
      if (imported.startsWith('..')) t.match(imported, /^\.\.\/package\.json$/, `${file} stays within src`);
      else if (folderOf(imported) !== folderOf(file))
        t.ok(allowed(imported, row ?? []), `${file} may import ${imported}`);
    }
  }
});

test('each library has one door', async t => {
  for (const file of files) {
    for (const target of importsOf(file)) {
      const library = Object.keys(doors).find(
        name => target === name || target.startsWith(name.endsWith('/') ? name : `${name}/`),
      );
      if (library === undefined) continue;
      const open = doors[library]?.some(door => file === door || file.startsWith(`${door}/`));
      t.ok(open, `${file} may import ${target}`);
    }
  }
});

test('clock, dice and environment are handed in', async t => {
  const global =
    /\b(Date\.now|performance\.now|hrtime|Math\.random|(?<!\.)setTimeout|(?<!\.)setInterval|timers\/promises|AbortSignal\.timeout)\b/;
  for (const file of files) {
    const text = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (folderOf(file) !== 'core') t.notMatch(text, global, `${file} takes its clock and dice as arguments`);
    if (file !== 'server.ts') t.notMatch(text, /\bprocess\.env\b/, `${file} does not read the environment`);
  }
});
