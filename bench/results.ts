import type { RowName } from './contestants.ts';
import type { Sample } from './measure.ts';
import { median } from './statistics.ts';

/** One contestant's medians over the rounds; null where not measured. Latencies are those added at 200 requests/s. */
export interface Row {
  readonly name: RowName;
  readonly cpuUsPerRequest: number | null;
  readonly requestsPerSecond: number | null;
  readonly addedP50Ms: number | null;
  readonly addedP99Ms: number | null;
  readonly rssMb: number | null;
}

/** The rest of the table. */
export interface Detail extends Row {
  readonly addedP50MsAt1000: number | null;
  readonly addedP99MsAt1000: number | null;
  readonly upstreamBusy: number | null;
  readonly loadBusy: number | null;
}

/** What the product is held to. `reached` is null when something it needs was not measured. */
export interface Goal {
  readonly text: string;
  readonly value: number | null;
  readonly limit: string;
  readonly reached: boolean | null;
}

export function summarise(names: readonly RowName[], samples: readonly Sample[]): Detail[] {
  return names.map(name => {
    const own = samples.filter(sample => sample.name === name);
    const middle = (of: (sample: Sample) => number | undefined, digits: number) =>
      rounded(median(own.flatMap(sample => of(sample) ?? [])), digits);
    return {
      name,
      cpuUsPerRequest: middle(({ load }) => load.cpuUs, 1),
      requestsPerSecond: middle(({ load }) => load.perSecond, 0),
      addedP50Ms: middle(({ added }) => added.get(200)?.p50Ms, 3),
      addedP99Ms: middle(({ added }) => added.get(200)?.p99Ms, 3),
      addedP50MsAt1000: middle(({ added }) => added.get(1_000)?.p50Ms, 3),
      addedP99MsAt1000: middle(({ added }) => added.get(1_000)?.p99Ms, 3),
      rssMb: middle(({ load }) => load.rssMb, 0),
      upstreamBusy: middle(({ load }) => load.upstreamBusy, 2),
      loadBusy: middle(({ load }) => load.loadBusy, 2),
    };
  });
}

function rounded(value: number, digits: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toFixed(digits));
}

/** The file of `--json`. */
export function toJson(machine: string, details: readonly Detail[]): string {
  const rows = details.map(({ name, cpuUsPerRequest, requestsPerSecond, addedP50Ms, addedP99Ms, rssMb }): Row => {
    return { name, cpuUsPerRequest, requestsPerSecond, addedP50Ms, addedP99Ms, rssMb };
  });
  return `${JSON.stringify({ machine, rows }, null, 2)}\n`;
}

export function goals(rows: readonly Row[]): Goal[] {
  const row = (name: RowName) => rows.find(each => each.name === name);
  const cpu = (name: RowName) => row(name)?.cpuUsPerRequest ?? null;
  return [
    goal('gateway / floor, CPU', ratio(cpu('gateway'), cpu('floor')), '≤', 1.4),
    goal('portkey / gateway, CPU', ratio(cpu('portkey'), cpu('gateway')), '≥', 4),
    goal('gateway-cached / floor, CPU', ratio(cpu('gateway-cached'), cpu('floor')), '≤', 0.6),
    goal('floor / unsigned, CPU', ratio(cpu('floor'), cpu('unsigned')), '≤', 2.5),
    goal(
      'gateway-signed − gateway, over floor, CPU',
      ratio(more(cpu('gateway-signed'), cpu('gateway')), cpu('floor')),
      '≤',
      0.5,
    ),
    goal(
      'gateway-monitored − gateway, over floor, CPU',
      ratio(more(cpu('gateway-monitored'), cpu('gateway')), cpu('floor')),
      '≤',
      0.2,
    ),
    goal('gateway, added p50 at 200/s, ms', row('gateway')?.addedP50Ms ?? null, '≤', 1),
    goal('gateway, added p99 at 200/s, ms', row('gateway')?.addedP99Ms ?? null, '≤', 5),
  ];
}

function more(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : rounded(a / b, 2);
}

function goal(text: string, value: number | null, sign: '≤' | '≥', bound: number): Goal {
  const reached = value === null ? null : sign === '≤' ? value <= bound : value >= bound;
  return { text, value, limit: `${sign} ${bound}`, reached };
}
