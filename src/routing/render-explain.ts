import type { ExplainedTarget, ExplainedVersion, Explanation } from './explanation.ts';

const columns = [
  { title: '#', of: row => (row.place === null ? '-' : String(row.place)) },
  { title: 'target', of: row => row.target },
  { title: 'state', of: state },
  { title: 'first', of: row => (row.place === null ? '-' : percent(row.firstChoice)) },
  { title: 'expected', of: row => (row.samples === 0 ? `~${ms(row.expectedMs)}` : ms(row.expectedMs)) },
  { title: 'p95', of: row => (row.samples === 0 ? '-' : ms(row.p95Ms)) },
  { title: 'load', of: row => `${row.inFlight}/${row.slots}` },
  { title: '$/1M calls', of: row => (row.usdPerMillion === null ? '?' : row.usdPerMillion.toFixed(3)) },
  { title: 'warm', of: row => percent(row.warmth) },
  { title: 'residency', of: row => row.residency },
  { title: 'body up to', of: row => megabytes(row.maxRequestBytes) },
  { title: 'why', of: row => row.why.join('; ') },
] as const satisfies readonly { title: string; of: (row: ExplainedTarget) => string }[];

/** An explanation as text in aligned columns, for a terminal. Ends without a newline. */
export function renderExplain(explanation: Explanation): string {
  const { model, policy, rule, sloMs, deadlineMs, warmShare, versions, mirrored = [], canary } = explanation;
  const head = [
    `${model}: ${policy} (${rule})`,
    `latency objective ${ms(sloMs)} · deadline ${ms(deadlineMs)} · warm share ${percent(warmShare)}`,
    ...(canary === undefined ? [] : [canary]),
    ...mirrored.map(({ version, share }) => `${percent(share)} of calls are mirrored to ${version}`),
  ];
  return [...head, ...versions.map(renderVersion)].join('\n');
}

function renderVersion({ version, weight, share, targets }: ExplainedVersion): string {
  const cells = [columns.map(column => column.title), ...targets.map(row => columns.map(column => column.of(row)))];
  const widths = columns.map((_, index) => Math.max(...cells.map(line => line[index]?.length ?? 0)));
  const lines = cells.map(line =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `\n${version}: ${percent(share)} of such calls (weight ${weight})\n${lines.map(line => `  ${line}`).join('\n')}`;
}

function state(row: ExplainedTarget): string {
  if (row.excluded !== null)
    return row.ejectedForMs > 0 ? `${row.excluded} ${Math.ceil(row.ejectedForMs / 1_000)} s` : row.excluded;
  return row.breaker;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1_048_576) * 10) / 10} MB`;
}
