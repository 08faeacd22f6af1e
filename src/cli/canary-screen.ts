import type { GuardReport } from '../rollout/canary/guards/report.ts';
import { isRunning } from '../rollout/canary/states.ts';
import type { CanaryStatus } from '../rollout/canary/status.ts';

const verdicts = { condemns: '✗', fine: '✓', unclear: '…', 'no-data': '–', off: 'off' } as const;

/** One screen about one canary: where it stands, both sides' numbers, each guard, what it waits for. */
export function canaryScreen(status: CanaryStatus): string {
  const { model, canary, stable, state, reason } = status;
  const lines = [
    `${model}: ${canary.version} ${isRunning(state) ? 'on trial' : 'was tried'} against ${stable.version}    ${state}${reason === '' ? '' : `: ${reason}`}`,
    '',
    `  share   ${percent(status.share)} of calls    ${ladder(status)}`,
    `  step    ${status.stepCalls} of ${status.stepNeeds} ${status.step < 0 ? 'mirrored calls' : 'calls'}, ${time(status.bakedMs)} of ${time(status.bakeMs)}`,
    ...(status.waves.length > 1
      ? [`  wave    ${status.wave + 1} of ${status.waves.length}: ${regionsOf(status)}`]
      : []),
    ...(status.degraded.length > 0 ? [`  ill     ${status.degraded.join(', ')}: nothing there counts`] : []),
    '',
    ...table([
      ['', canary.version, stable.version],
      ['calls compared', String(canary.calls), String(stable.calls)],
      ['errors', counted(canary.errors, canary.calls), counted(stable.errors, stable.calls)],
      ['caller’s faults', counted(canary.callerFaults, canary.calls), counted(stable.callerFaults, stable.calls)],
      ...(canary.misconfigured + stable.misconfigured > 0
        ? [['gateway’s own faults', String(canary.misconfigured), String(stable.misconfigured)]]
        : []),
    ]),
    '',
    ...table([
      ['guard', '', canary.version, stable.version, 'statistic', 'condemns at', ''],
      ...status.guards.map(guardRow),
    ]),
    '',
    ...(status.waitsFor.length === 0 ? [] : ['  waits for', ...status.waitsFor.map(each => `    ${each}`)]),
    `  ${status.looks} ${status.looks === 1 ? 'look' : 'looks'}, revision ${status.revision}, started by ${status.startedBy} at ${status.startedAt.slice(0, 19)}Z`,
  ];
  return lines.map(line => line.trimEnd()).join('\n');
}

const acts = { rollback: 'rolls back', hold: 'holds', verify: 'goes back to be compared' } as const;

function guardRow(report: GuardReport): string[] {
  const { guard, verdict, action, statistic, threshold, detail } = report;
  const silent = verdict === 'no-data' || verdict === 'off';
  const numbers = silent ? ['', ''] : [short(statistic), short(threshold)];
  const words = verdict === 'condemns' ? `${acts[action]}; ${detail}` : detail;
  return [guard, verdicts[verdict], value(report.canary, report), value(report.stable, report), ...numbers, words];
}

function value(side: number | null, { unit }: GuardReport): string {
  if (side === null) return '';
  if (unit === 'share') return percent(side);
  if (unit === 'ms') return `${short(side)} ms`;
  return unit === 'usd-per-1000' ? `$${short(side)}/1000` : short(side);
}

function short(number: number): string {
  if (number !== 0 && (Math.abs(number) >= 1e5 || Math.abs(number) < 1e-3)) return number.toExponential(1);
  return String(Number(number.toPrecision(3)));
}

function ladder({ steps, step, state }: CanaryStatus): string {
  const marked = steps.map((share, index) =>
    index === step && state !== 'promoted' ? `[${short(100 * share)}]` : short(100 * share),
  );
  return marked.join(' → ');
}

function regionsOf({ waves, wave }: CanaryStatus): string {
  return (waves[wave] ?? []).join(', ');
}

function counted(part: number, whole: number): string {
  return whole === 0 ? String(part) : `${part}  ${percent(part / whole)}`;
}

function percent(share: number): string {
  return `${short(100 * share)} %`;
}

function time(ms: number): string {
  if (ms < 120_000) return `${Math.floor(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** Cells in columns, two spaces in front. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
