import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { simulateTable } from '../../../src/rollout/canary/table.ts';

/** Of the table in the docs, which has more of them. */
const runs = { harmless: 300, harmful: 100 };
const lines = simulateTable(runs);

test('all guards on, fewer than one in a hundred good canaries are ended', t => {
  const ended = lines.reduce((sum, { harmless }) => sum + harmless.ended, 0);
  t.ok(ended / (lines.length * runs.harmless) < 0.01, `${ended} of ${lines.length * runs.harmless}`);
  for (const { base, harmless } of lines) t.ok(harmless.ended / runs.harmless <= 0.01, `${base}: ${harmless.ended}`);
  t.end();
});

test('two points more than a base of at most 1 % are caught within 2,000 canary requests', t => {
  for (const { base, harmful } of lines.filter(line => line.base <= 0.01)) {
    t.ok(harmful.rolledBack / runs.harmful >= 0.95, `${base}: ${harmful.rolledBack} of ${runs.harmful}`);
    t.ok((harmful.requests.at(-1) ?? 0) <= 2_000);
  }
  t.end();
});

test('the table in the docs is what the simulation gives', t => {
  const docs = readFileSync(new URL('../../../docs/canary.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| ([^|]+) \|$/gm)];
  t.equal(rows.length, lines.length);
  for (const [index, { base, harmless, harmful }] of lines.entries()) {
    const [, said, wrongly, caught] = rows[index]?.map(Number) ?? [];
    t.equal(said, 100 * base);
    close(t, `${base}: ended wrongly`, (wrongly ?? 0) / 100, harmless.ended / runs.harmless, runs.harmless);
    close(t, `${base}: caught`, (caught ?? 0) / 100, harmful.ended / runs.harmful, runs.harmful);
  }
  t.end();
});

/** Within four standard errors of so few runs, and one run. */
function close(
  t: { ok(holds: boolean, what: string): void },
  what: string,
  said: number,
  seen: number,
  of: number,
): void {
  const error = Math.sqrt((said * (1 - said)) / of);
  t.ok(Math.abs(said - seen) <= 4 * error + 1 / of, `${what}: ${said} in the docs, ${seen} here`);
}
