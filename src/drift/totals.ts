/** Counters of this folder that are read at scrape time. */
export type CounterName =
  | 'meridian_monitored_calls_total'
  | 'meridian_data_quality_violations_total'
  | 'meridian_error_shifts_total'
  | 'meridian_feedback_total'
  | 'meridian_captured_calls_total';

/** One of them with its labels, as far as it has come. */
export interface Counted {
  readonly name: CounterName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts by name and labels. */
export interface Totals {
  add(name: CounterName, labels: Readonly<Record<string, string>>, by?: number): void;
  /** A counter that is raised on every call: found once. */
  cell(name: CounterName, labels: Readonly<Record<string, string>>): { value: number };
  all(): readonly Counted[];
}

/** Nothing counted yet. */
export function totals(): Totals {
  const cells = new Map<string, { name: CounterName; labels: Readonly<Record<string, string>>; value: number }>();
  const cell: Totals['cell'] = (name, labels) => {
    let key: string = name;
    for (const label in labels) key += `\u0000${labels[label]}`;
    const known = cells.get(key) ?? { name, labels, value: 0 };
    cells.set(key, known);
    return known;
  };
  return {
    add: (name, labels, by = 1) => {
      cell(name, labels).value += by;
    },
    cell,
    all: () => [...cells.values()].filter(({ value }) => value > 0),
  };
}
