import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { scoredDays } from '../../sim/models/scored-days.ts';
import { baselineTexts } from '../../src/drift/baseline-files.ts';
import { fromCsvText } from '../../src/drift/baseline-source.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';

test('the demo’s baselines are made of the stand-in’s own data', async t => {
  for (const version of ['v1', 'v2'] as const) {
    const roles = { prediction: 'forecast', truth: 'rain_next_day', dropped: [] };
    const source = fromCsvText(scoredDays(version), roles, 0.5);
    for (const [name, text] of Object.entries(baselineTexts(buildBaseline(source), source.instances, source.typed))) {
      const path = `config/baselines/rain-${version}/${name}`;
      const shipped = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
      // Libraries of mathematics differ in last digits.
      t.ok(Value.Equal(rounded(JSON.parse(shipped)), rounded(JSON.parse(text))), `${path}: see docs/drift.md`);
    }
  }
});

function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, each) =>
    typeof each === 'number' ? Number(each.toPrecision(9)) : each,
  );
}
