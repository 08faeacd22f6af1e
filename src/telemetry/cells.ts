import { Counter, type CounterConfiguration, Histogram, type HistogramConfiguration } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** Label values joined in the metric's order: the key of one series. */
function keyOf(names: readonly string[], labels: Labels): string {
  let key = '';
  for (const name of names) key += `${labels[name]}\u0000`;
  return key;
}

/**
 * A counter that keeps plain numbers and gives them to the registry when it is scraped: prom-client hashes and
 * validates labels on every increment, which costs more than the rest of the bookkeeping together.
 */
export class CellCounter extends Counter {
  readonly #names: readonly string[];
  readonly #cells = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(configuration: CounterConfiguration<string>) {
    super(configuration);
    this.#names = configuration.labelNames ?? [];
    if (this.#names.length === 0) this.add({}, 0); // there from the start, so that its first rise is seen
  }

  add(labels: Labels, by: number): void {
    const key = keyOf(this.#names, labels);
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { labels: { ...labels }, value: by });
    else cell.value += by;
  }

  raise(labels: Labels, total: number): void {
    const known = this.#cells.get(keyOf(this.#names, labels))?.value ?? 0;
    this.add(labels, Math.max(0, total - known));
  }

  override async get() {
    const empty = await super.get();
    return { ...empty, values: [...this.#cells.values()].map(({ labels, value }) => ({ labels, value })) };
  }
}

interface Distribution {
  readonly labels: Labels;
  /** By bucket, not cumulative; the last one is +Inf. */
  readonly counts: number[];
  sum: number;
}

/** A histogram kept the same way. */
export class CellHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #names: readonly string[];
  readonly #buckets: readonly number[];
  readonly #cells = new Map<string, Distribution>();

  constructor(configuration: HistogramConfiguration<string>) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#names = configuration.labelNames ?? [];
    this.#buckets = configuration.buckets ?? [];
  }

  record(labels: Labels, value: number): void {
    const key = keyOf(this.#names, labels);
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { labels: { ...labels }, counts: new Array(this.#buckets.length + 1).fill(0), sum: 0 };
      this.#cells.set(key, cell);
    }
    let bucket = 0;
    while (bucket < this.#buckets.length && value > (this.#buckets[bucket] ?? 0)) bucket += 1;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.sum += value;
  }

  /** What the registry asks for text, and what prom-client's own `get` builds on; its types leave it out. */
  async getForPromString() {
    const values = [...this.#cells.values()].flatMap(cell => this.#samples(cell));
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }

  #samples({ labels, counts, sum }: Distribution) {
    let below = 0;
    const samples: { metricName: string; labels: Record<string, string | number>; value: number }[] = counts.map(
      (count, bucket) => {
        below += count;
        return {
          metricName: `${this.#name}_bucket`,
          labels: { le: this.#buckets[bucket] ?? '+Inf', ...labels },
          value: below,
        };
      },
    );
    samples.push({ metricName: `${this.#name}_sum`, labels: { ...labels }, value: sum });
    samples.push({ metricName: `${this.#name}_count`, labels: { ...labels }, value: below });
    return samples;
  }
}
