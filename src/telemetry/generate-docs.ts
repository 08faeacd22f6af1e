import { writeFileSync } from 'node:fs';
import { metricsPage } from './metrics-page.ts';

// Writes what is derived from the metric table: `docs/metrics.md`.
writeFileSync(new URL('../../docs/metrics.md', import.meta.url), metricsPage());
