import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'tap';
import { minimalConfig } from '../../src/config/reference.ts';
import { type ErrorCode, errorCatalogue } from '../../src/core/errors.ts';
import { metricTable } from '../../src/telemetry/metric-table.ts';

const root = join(import.meta.dirname, '../..');
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(root, folder, name));
const pages = [...markdownIn('.'), ...markdownIn('docs'), ...markdownIn('docs/runbooks')].map(path => ({
  path,
  name: relative(root, path),
  text: readFileSync(path, 'utf8'),
}));
const textOf = (name: string) => pages.find(page => page.name === name)?.text ?? '';
const sourceOf = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(join(root, folder, name), 'utf8'))
    .join('\n');

/** Anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link within the repository leads somewhere', async t => {
  for (const { path, name, text } of pages) {
    for (const [, link = ''] of text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      t.ok(existsSync(target), `${name}: ${link}`);
      if (anchor !== undefined && existsSync(target))
        t.ok(anchorsOf(readFileSync(target, 'utf8')).includes(anchor), `${name}: ${link}`);
    }
  }
});

test('headers, metrics and commands that are named exist', async t => {
  const routes = sourceOf('src/routes') + sourceOf('src/backends');
  const commands = [...sourceOf('src/cli').matchAll(/name: '(\w+)'|drainCommand\(\s*'(\w+)'/g)].map(
    ([, plain, drain]) => plain ?? drain,
  );
  const metrics = Object.keys(metricTable);
  for (const { name, text } of pages) {
    for (const [header] of text.matchAll(/\bx-meridian-[a-z]+(?:-[a-z]+)*/g))
      t.ok(routes.includes(`'${header}'`), `${name}: ${header}`);
    for (const [metric] of text.matchAll(/\bmeridian_[a-z_]+\b/g))
      t.ok(metrics.includes(metric.replace(/_bucket$/, '')), `${name}: ${metric}`);
    for (const [, command = ''] of text.matchAll(/(?:\$ |`|-s )meridian (?:-- )?([a-z]+)/g))
      t.ok(commands.includes(command), `${name}: meridian ${command}`);
  }
});

test('log lines that a runbook sends to are written', async t => {
  const source = sourceOf('src');
  const named = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/log line `([^`]+)`/g)].map(([, line = '']) => [name, line] as const),
  );
  t.ok(named.length >= 5);
  for (const [name, line] of named) t.ok(source.includes(`'${line}'`), `${name}: ${line}`);
});

test('the errors page is the catalogue', async t => {
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `?([\w-]+)`? \| (\d{3}) \| `(\w+)` \|/gm)].map(
    ([, code = '', status, awsType]) => ({ code, status: Number(status), awsType }),
  );
  const catalogue = Object.keys(errorCatalogue).map(code => {
    const { status, awsType } = errorCatalogue[code as ErrorCode];
    return { code, status, awsType };
  });
  t.strictSame(rows, catalogue);
});

test('the codes called reserved are those that nothing throws', async t => {
  const source = sourceOf('src').replace(/export const errorCatalogue = {[\s\S]*?} as const/, '');
  for (const [, code = '', meaning = ''] of textOf('docs/errors.md').matchAll(
    /^\| `([\w-]+)` \| \d{3} \| `\w+` \| ([^|]*)\|/gm,
  )) {
    const thrown = new RegExp(`GatewayError\\(\\s*'${code}'`).test(source);
    t.equal(meaning.startsWith('Reserved'), !thrown, code);
  }
});

test('the smallest config of the README is the one the tests load', async t => {
  t.ok(textOf('README.md').includes(`\`\`\`yaml\n${minimalConfig}\`\`\``));
});
