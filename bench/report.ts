import type { Detail, Goal } from './results.ts';

const columns: readonly (readonly [title: string, cell: (row: Detail) => string])[] = [
  ['', row => row.name],
  ['CPU µs / request', row => shown(row.cpuUsPerRequest)],
  ['requests/s, one core', row => shown(row.requestsPerSecond)],
  ['added p50 / p99 ms at 200/s', row => `${shown(row.addedP50Ms)} / ${shown(row.addedP99Ms)}`],
  ['at 1,000/s', row => `${shown(row.addedP50MsAt1000)} / ${shown(row.addedP99MsAt1000)}`],
  ['memory MB', row => shown(row.rssMb)],
  ['upstream + load busy', row => `${share(row.upstreamBusy)} + ${share(row.loadBusy)}`],
];

/** The whole report in Markdown: machine, table, goals. */
export function report(machine: string, rounds: number, details: readonly Detail[], reached: readonly Goal[]): string {
  const goals = reached.map(({ text, value, limit, reached }) => [text, shown(value), limit, mark(reached)]);
  return [
    `Measured on: ${machine}; medians of ${rounds} interleaved rounds.`,
    table(
      columns.map(([title]) => title),
      details.map(row => columns.map(([, cell]) => cell(row))),
    ),
    table(['goal', 'measured', 'limit', ''], goals),
  ].join('\n\n');
}

/** A Markdown table with the cells in line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map(row => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. @throws when the markers are missing */
export function replaceBetween(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}

function shown(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-US');
}

function share(value: number | null): string {
  return value === null ? '–' : `${Math.round(value * 100)} %`;
}

function mark(reached: boolean | null): string {
  return reached === null ? '–' : reached ? '✓' : '✗';
}
