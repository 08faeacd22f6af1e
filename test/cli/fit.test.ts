import fc from 'fast-check';
import { test } from 'tap';
import { fitted, wrapped } from '../../src/cli/fit.ts';

test('a screen never takes more than the terminal has, and loses its empty lines first', t => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '…'), maxLength: 200 }), { maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 120 }), fc.integer({ min: 3, max: 50 }), (lines, columns, rows) => {
      const shown = fitted(lines.join('\n'), { columns, rows }).split('\n');
      return shown.length < rows && shown.every(line => line.length <= columns);
    }),
  );
  t.equal(fitted('a\n\nb', { columns: 80, rows: 24 }), 'a\n\nb', 'where there is room it stays');
  t.equal(fitted('a\n\nb\n\nc', { columns: 80, rows: 4 }), 'a\nb\nc');
  t.equal(fitted('a\nb\nc\nd', { columns: 80, rows: 4 }), 'a\nb\n  … 2 more lines');
  t.equal(fitted('errors  at most', { columns: 9, rows: 4 }), 'errors  …');
  t.end();
});

test('a long line goes on under its own words, and loses none', t => {
  const line = '   0.1 s  action       pipeline started: of a name that is long';
  t.equal(wrapped(line, 50, 23), `   0.1 s  action       pipeline started: of a name\n${' '.repeat(23)}that is long`);
  t.equal(wrapped(line, undefined, 23), line, 'not where output is no terminal');
  t.equal(wrapped(line, 30, 23), line, 'nor in a terminal too narrow for it');
  const arn = `   0.1 s  action       started: ${'arn'.repeat(40)}`;
  t.match(wrapped(arn, 80, 23), /started:\n {23}(arn){40}$/, 'a word is not broken');
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(words, list => {
      const all = list.join(' ');
      const broken = wrapped(all, 40, 4);
      return broken.replaceAll(/\n {4}/g, ' ') === all && broken.split('\n').every(each => each.length <= 40);
    }),
  );
  t.end();
});
