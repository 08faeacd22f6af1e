import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CellCounter, CellHistogram } from './cells.ts';
import { type MetricSpec, metricTable, secondsBuckets } from './metric-table.ts';

/** The names in the table. */
export type MetricName = keyof typeof metricTable;
type NamesOf<T extends MetricSpec['type']> = {
  [N in MetricName]: (typeof metricTable)[N]['type'] extends T ? N : never;
}[MetricName];
type LabelsOf<N extends MetricName> = Record<(typeof metricTable)[N]['labels'][number], string>;

/** The metrics, by name. Counters and histograms are fed by events; gauges are read when Prometheus asks. */
export interface Metrics {
  count<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void;
  /** Raises a counter to what something else has counted since the start. */
  countTo<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, total: number): void;
  observe<N extends NamesOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void;
  gauge<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Registers a function that sets gauges; called once per scrape, after the gauge was reset. */
  onScrape(run: () => void): void;
  /** Prometheus text and its content type. Scrapes within a second share one rendering. */
  render(nowMs: number): Promise<{ contentType: string; text: string }>;
}

/** Every metric of the table in a registry of its own, and Node's own metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, CellCounter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, CellHistogram>();
  for (const [name, spec] of Object.entries(metricTable) as [string, MetricSpec][]) {
    const config = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
    if (spec.type === 'counter') counters.set(name, new CellCounter(config));
    else if (spec.type === 'gauge') gauges.set(name, new Gauge(config));
    else histograms.set(name, new CellHistogram({ ...config, buckets: [...(spec.buckets ?? secondsBuckets)] }));
  }
  const scrapers: (() => void)[] = [];
  let last: { atMs: number; text: Promise<string> } | undefined;
  const scrape = () => {
    for (const gauge of gauges.values()) gauge.reset();
    for (const run of scrapers) run();
    return registry.metrics();
  };
  return {
    count: (name, labels, by = 1) => counters.get(name)?.add(labels, by),
    countTo: (name, labels, total) => counters.get(name)?.raise(labels, total),
    observe: (name, labels, value) => histograms.get(name)?.record(labels, value),
    gauge: (name, labels, value) => gauges.get(name)?.set(labels, value),
    onScrape: run => {
      scrapers.push(run);
    },
    render: async nowMs => {
      if (last === undefined || nowMs - last.atMs >= 1_000) last = { atMs: nowMs, text: scrape() };
      return { contentType: registry.contentType, text: await last.text };
    },
  };
}
