// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolation is about them
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'tap';
import { interpolate } from '../../src/config/interpolate.ts';
import { loadConfig } from '../../src/config/load.ts';
import { minimalConfig } from '../../src/config/reference.ts';
import { loadText, resolvedText, told } from '../helpers/config-texts.ts';

const files: Readonly<Record<string, string>> = { '/run/secret': 'from a file\n', '/run/lines': 'a\nb\r\n' };
const surroundings = {
  env: { NAME: 'value', EMPTY: '', NESTED: '${NAME}' },
  readFile: (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return text;
  },
};
const filled = (text: string) => interpolate(text, surroundings).text;
const problems = (text: string) => interpolate(text, surroundings).problems.map(({ problem }) => problem);

test('variables, defaults and files are filled in', async t => {
  t.equal(filled('${NAME}'), 'value');
  t.equal(filled('a-${NAME}-${NAME}!'), 'a-value-value!');
  t.equal(filled('${MISSING:-other}'), 'other');
  t.equal(filled('${EMPTY:-other}'), 'other', 'empty counts as unset where there is a default');
  t.equal(filled('${EMPTY}'), '');
  t.equal(filled('${MISSING:-}'), '');
  t.equal(filled('${MISSING:-redis://a:1/2?b}'), 'redis://a:1/2?b');
  t.equal(filled('${file:/run/secret}'), 'from a file', 'without the last line break');
  t.equal(filled('${file:/run/lines}'), 'a\nb', 'and only the last one');
});

test('what is filled in is not looked at again, and $${ is plain', async t => {
  t.equal(filled('${NESTED}'), '${NAME}');
  t.equal(filled('$${NAME}'), '${NAME}');
  t.equal(filled('$NAME $ {NAME}'), '$NAME $ {NAME}');
});

test('what cannot be filled in is told', async t => {
  t.same(problems('${MISSING} ${ALSO}'), [
    'the environment variable MISSING is not set',
    'the environment variable ALSO is not set',
  ]);
  t.same(problems('${toString}'), ['the environment variable toString is not set']);
  t.same(problems('${file:/nowhere}'), ['cannot read the file /nowhere (ENOENT)']);
  t.same(problems('${a b}'), ['${a b} is no reference']);
  t.same(problems('${'), ['${ has no }']);
});

test('a text without $ comes back as it is', async _t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter(text => !text.includes('$')),
      text => filled(text) === text,
    ),
    { seed: 11 },
  );
});

test('without quotes the result is a number or boolean where one is wanted, and a text where a text is', async t => {
  const env = { COUNT: '3', YES: 'true', DIGITS: '12345678' };
  const { config } = resolvedText(`${minimalConfig}replicas: \${COUNT}\nstateDir: \${DIGITS}\n`, env);
  t.equal(config.replicas, 3);
  t.equal(config.stateDir, '12345678');
  const hedging = minimalConfig.replace(
    '  rain:\n',
    '  rain:\n    hedging: ${YES}\n    exhaustedStatus: ${STATUS:-530}\n',
  );
  t.match(resolvedText(hedging, env).models.get('rain'), { hedging: true, exhaustedStatus: 530 });
});

test('with quotes it stays a text, and what does not read as a number is refused by its reference', async t => {
  t.same(told(loadText(`${minimalConfig}replicas: '\${COUNT}'\n`, { COUNT: '3' }), 'error'), [
    'c.yaml:7: replicas: found "${COUNT}"; expected a whole number, 1 to 10000',
  ]);
  t.same(told(loadText(`${minimalConfig}replicas: \${COUNT}\n`, { COUNT: 'many' }), 'error'), [
    'c.yaml:7: replicas: found "${COUNT}"; expected a whole number, 1 to 10000',
  ]);
});

test('real files: plain ones only, and not large ones', async t => {
  const directory = t.testdir({ 'c.yaml': '', secret: 'sixteen letters!\n', large: 'x'.repeat(1_048_577) });
  const load = (path: string) => {
    writeFileSync(`${directory}/c.yaml`, `${minimalConfig}cacheStore: { keySecret: '\${file:${path}}' }\n`);
    return loadConfig(`${directory}/c.yaml`, {});
  };
  const good = load(`${directory}/secret`);
  t.equal(good.ok && good.resolved.config.cacheStore.keySecret, 'sixteen letters!');
  for (const [path, why] of [
    [`${directory}/large`, 'larger than 1 MiB'],
    ['/dev/zero', 'not a plain file'],
    [directory, 'not a plain file'],
    [`${directory}/none`, 'ENOENT'],
  ] as const) {
    t.match(told(load(path), 'error'), [`cacheStore.keySecret: cannot read the file ${path} (${why})`]);
  }
});
