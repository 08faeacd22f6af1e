// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configs are about them
import fc from 'fast-check';
import { test } from 'tap';
import Value from 'typebox/value';
import { stringify } from 'yaml';
import { checkReport } from '../../src/config/check.ts';
import { decode } from '../../src/config/decode.ts';
import { textSource } from '../../src/config/files.ts';
import { loadPrices, loadSource } from '../../src/config/load.ts';
import { renderCheck } from '../../src/config/render-check.ts';
import { Config } from '../../src/config/schema.ts';
import { resolvedText, soundConfig } from '../helpers/config-texts.ts';

const prices = loadPrices();
const surroundings = { env: {}, readFile: () => '' };
const sourceOf = (text: string) => textSource(text, 'c.yaml', surroundings);

/** Whatever the text is: an answer comes, a refusal says why, and the check-up agrees and can be printed. */
function answers(text: string): boolean {
  const loaded = loadSource(sourceOf(text), prices);
  const report = checkReport(sourceOf(text), prices);
  if (report.ok !== loaded.ok || renderCheck(report) === '') return false;
  return (
    loaded.ok ||
    loaded.findings.some(({ severity, problem, mend }) => severity === 'error' && problem !== '' && mend !== '')
  );
}

const words = fc.constantFrom(
  ...[
    'auth',
    'none',
    'regions',
    'us-east-1',
    'models',
    'rain',
    'versions',
    'v1',
    'targets',
    'region',
    'endpoint',
    'keys',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '<<',
    '&a',
    '*a',
    '!!str',
    '${X}',
    '${file:/x}',
    '- ',
    ': ',
    ', ',
    '\n',
    '\n  ',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%',
    '@',
    '---',
    '~',
    '.inf',
    '1e999',
    '0x',
    '\t',
    '\u0000',
    '\ud800',
  ],
);

test('no text makes loading throw', async _t => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), answers), { seed: 1, numRuns: 150 });
  fc.assert(
    fc.property(
      fc.array(words).map(parts => parts.join('')),
      answers,
    ),
    { seed: 2, numRuns: 400 },
  );
});

test('no damage to a sound config makes loading throw', async _t => {
  const lines = soundConfig.split('\n');
  const damage = fc.record({
    at: fc.nat(lines.length - 1),
    how: fc.constantFrom('drop', 'double', 'indent', 'junk'),
    word: words,
  });
  const damaged = fc.array(damage, { minLength: 1, maxLength: 4 }).map(list => {
    const copy = [...lines];
    for (const { at, how, word } of list) {
      if (how === 'drop') copy[at] = '';
      if (how === 'double') copy[at] = `${copy[at]}\n${copy[at]}`;
      if (how === 'indent') copy[at] = `  ${copy[at]}`;
      if (how === 'junk') copy[at] = `${copy[at]}${word}`;
    }
    return copy.join('\n');
  });
  fc.assert(fc.property(damaged, answers), { seed: 3, numRuns: 250 });
});

test('any value in place of any part of a config is refused or right, never thrown over', async _t => {
  const part = fc.constantFrom(
    ...[['auth'], ['admin'], ['listen'], ['redis'], ['regions'], ['regions', 'us-east-1'], ['credentials'], ['models']],
    ...[
      ['models', 'rain'],
      ['models', 'rain', 'fallback'],
      ['models', 'rain', 'versions'],
      ['models', 'rain', 'cache'],
    ],
    ...[
      ['models', 'rain', 'versions', 'v1'],
      ['models', 'rain', 'versions', 'v1', 'targets', 'x'],
    ],
  );
  const value = fc.jsonValue({ maxDepth: 2 });
  const property = fc.property(part, value, (path, instead) => {
    const config: Record<string, unknown> = {
      auth: 'none',
      regions: { 'us-east-1': null },
      models: { rain: { versions: { v1: { targets: [{ region: 'us-east-1', endpoint: 'rain' }] } } } },
    };
    put(config, path, instead);
    return answers(stringify(config));
  });
  fc.assert(property, { seed: 4, numRuns: 300 });
});

function put(into: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  const inner = into[key];
  if (rest.length > 0 && typeof inner === 'object' && inner !== null)
    put(inner as Record<string, unknown>, rest, value);
  else into[key] = value;
}

test('with every default written out, the strict reading and TypeBox’s own check take the same values', async () => {
  const whole = resolvedText(soundConfig).config;
  const paths = [...pathsOf(whole, [])];
  const other = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(0, 1, -1, 1.5, 1e9, '', 'stale', 'none', 'eu-west-1'),
  );
  const property = fc.property(fc.constantFrom(...paths), other, (path, value) => {
    const config: Record<string, unknown> = structuredClone(whole);
    put(config, path, value);
    const { value: decoded, findings } = decode(Config, {
      value: config,
      places: new Map(),
      file: 'c.yaml',
      findings: [],
    });
    return findings.length === 0 ? Value.Check(Config, decoded) : !Value.Check(Config, config);
  });
  fc.assert(property, { seed: 5, numRuns: 1_500 });
});

function* pathsOf(value: unknown, path: readonly string[]): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}

test('bombs of aliases, nesting and size are refused', async t => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++) {
    const [last, next] = [String.fromCharCode(96 + level), String.fromCharCode(97 + level)];
    laughs.push(`${next}: &${next} [${Array(10).fill(`*${last}`).join(', ')}]`);
  }
  const bombs = [
    laughs.join('\n'),
    'a: &a [*a, *a]',
    `a: ${'['.repeat(100_000)}`,
    `${'{a: '.repeat(60)}1${'}'.repeat(60)}`,
    `a: ${'x'.repeat(9_000_000)}`,
  ];
  for (const bomb of bombs) {
    const loaded = loadSource(sourceOf(bomb), prices);
    t.equal(loaded.findings.length, 1);
    t.match(loaded.findings[0]?.problem, /nests or repeats too much|larger than|this is not YAML/);
  }
});
