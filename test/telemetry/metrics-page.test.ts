import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { metricsPage } from '../../src/telemetry/metrics-page.ts';

test('docs/metrics.md is what the metric table says now', async t => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  t.equal(page, metricsPage(), 'current; node src/telemetry/generate-docs.ts writes it anew');
});
