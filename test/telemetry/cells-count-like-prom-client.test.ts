import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { test } from 'tap';
import { CellCounter, CellHistogram } from '../../src/telemetry/cells.ts';

const labelNames = ['model', 'odd'];
const label = fc.constantFrom('a', 'b', 'a"b', 'line\nend', 'back\\slash');
const buckets = [0.1, 1, 5];

/** Lines without order, which prom-client does not promise. */
const lines = async (registry: Registry) => (await registry.metrics()).split('\n').sort();

test('counters and histograms render exactly as prom-client’s own', async t => {
  const steps = fc.array(fc.tuple(label, label, fc.integer({ min: 0, max: 10 })), { maxLength: 40 });
  const property = fc.asyncProperty(steps, async all => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const configOf = (registry: Registry, name: string) => ({ name, help: 'h', labelNames, registers: [registry] });
    const [cells, counter] = [new CellCounter(configOf(ours, 'c')), new Counter(configOf(theirs, 'c'))];
    const [cellsOfTime, histogram] = [
      new CellHistogram({ ...configOf(ours, 'h'), buckets }),
      new Histogram({ ...configOf(theirs, 'h'), buckets }),
    ];
    for (const [model, odd, value] of all) {
      cells.add({ model, odd }, value);
      counter.inc({ model, odd }, value);
      cellsOfTime.record({ model, odd }, value);
      histogram.observe({ model, odd }, value);
    }
    return JSON.stringify(await lines(ours)) === JSON.stringify(await lines(theirs));
  });
  await t.resolves(fc.assert(property));
});
