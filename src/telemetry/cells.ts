import { Counter, type CounterConfiguration, Histogram, type HistogramConfiguration } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

type Branch<Cell> = Map<string | undefined, Branch<Cell> | Cell>;

/** A cell per combination of label values, found value by value: joining them to one key takes three times as long. */
class Cells<Cell extends object> {
  readonly all: Cell[] = [];
  readonly #names: readonly string[];
  readonly #make: (labels: Labels) => Cell;
  readonly #root: Branch<Cell> = new Map();

  constructor(names: readonly string[], make: (labels: Labels) => Cell) {
    this.#names = names;
    this.#make = make;
  }

  at(labels: Labels): Cell {
    const last = this.#names.length - 1;
    let branch = this.#root;
    for (let depth = 0; depth < last; depth += 1) {
      const value = labels[this.#names[depth] ?? ''];
      const next = (branch.get(value) as Branch<Cell> | undefined) ?? new Map();
      if (next.size === 0) branch.set(value, next);
      branch = next;
    }
    const value = labels[this.#names[last] ?? ''];
    let cell = branch.get(value) as Cell | undefined;
    if (cell === undefined) {
      cell = this.#make({ ...labels });
      this.all.push(cell);
      branch.set(value, cell);
    }
    return cell;
  }
}

/**
 * A counter that keeps plain numbers and gives them to the registry when it is scraped: prom-client hashes and
 * validates labels on every increment, which costs more than the rest of the bookkeeping together.
 */
export class CellCounter extends Counter {
  readonly #cells: Cells<{ readonly labels: Labels; value: number }>;

  constructor(configuration: CounterConfiguration<string>) {
    super(configuration);
    const { labelNames = [] } = configuration;
    this.#cells = new Cells(labelNames, labels => ({ labels, value: 0 }));
    if (labelNames.length === 0) this.add({}, 0); // there from the start, so that its first rise is seen
  }

  add(labels: Labels, by: number): void {
    this.#cells.at(labels).value += by;
  }

  raise(labels: Labels, total: number): void {
    const cell = this.#cells.at(labels);
    cell.value = Math.max(cell.value, total);
  }

  override async get() {
    const empty = await super.get();
    return { ...empty, values: this.#cells.all.map(({ labels, value }) => ({ labels, value })) };
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
  readonly #buckets: readonly number[];
  readonly #cells: Cells<Distribution>;

  constructor(configuration: HistogramConfiguration<string>) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    const { buckets = [] } = configuration;
    this.#buckets = buckets;
    this.#cells = new Cells(configuration.labelNames ?? [], labels => {
      return { labels, counts: new Array(buckets.length + 1).fill(0), sum: 0 };
    });
  }

  record(labels: Labels, value: number): void {
    const cell = this.#cells.at(labels);
    let bucket = 0;
    while (bucket < this.#buckets.length && value > (this.#buckets[bucket] ?? 0)) bucket += 1;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.sum += value;
  }

  /** What the registry asks for text, and what prom-client's own `get` builds on; its types leave it out. */
  async getForPromString() {
    const values = this.#cells.all.flatMap(cell => this.#samples(cell));
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
