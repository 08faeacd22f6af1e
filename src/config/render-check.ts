import type { CheckReport } from './check.ts';
import type { Finding } from './findings.ts';
import type { GridRow, ModelGrid } from './grid.ts';

const marks = { error: '✗', warning: '!', note: '·' } as const;
const states = {
  good: { mark: '✓', words: '' },
  warned: { mark: '!', words: '' },
  failed: { mark: '✗', words: '' },
  partial: { mark: '?', words: '' },
  unseen: { mark: '-', words: ' (not looked at)' },
} as const;
const hole = '✗ none';
const keptOut = 'kept out';

/** The check-up as text: what was looked at, what was found with its mend, and where each version runs. */
export function renderCheck(report: CheckReport): string {
  const blocks = [
    `Check-up of ${report.file}`,
    report.checked.flatMap(section => [headingLine(section), ...section.findings.flatMap(findingLines)]).join('\n'),
    ...report.models.map(gridText),
    verdict(report),
  ];
  return blocks.join('\n\n');
}

function headingLine({ heading, about, state }: CheckReport['checked'][number]): string {
  const { mark, words } = states[state];
  return `  ${mark} ${heading.padEnd(10)} ${about}${words}`;
}

function findingLines({ severity, path, file, line, problem, mend }: Finding): string[] {
  const place = line === 0 ? file : `${file}:${line}`;
  return [
    `      ${marks[severity]} ${[place, path].filter(part => part !== '').join('  ')}`,
    `        ${problem}`,
    `        → ${mend}`,
  ];
}

function gridText(grid: ModelGrid): string {
  const { model, policy, rows, regions, remainIfOneIsLost, alone } = grid;
  const count =
    regions === 1
      ? '1 region, none left if it is lost'
      : `${regions} regions, ${remainIfOneIsLost} left if one is lost`;
  const names = Object.keys(rows[0]?.cells ?? {});
  const table = [['', '', ...names], ...rows.map(row => rowCells(row, names, grid))];
  const widths = table[0]?.map((_, column) => Math.max(...table.map(cells => cells[column]?.length ?? 0))) ?? [];
  const lines = table.map(
    cells =>
      `    ${cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
  );
  const bound =
    regions > 1 ? alone.map(({ residency, region }) => `    callers bound to ${residency} have ${region} only`) : [];
  return [`  ${model}: ${policy}, ${count}`, ...lines, ...bound].join('\n');
}

function rowCells({ version, share, cells }: GridRow, names: readonly string[], grid: ModelGrid): string[] {
  const texts = names.map(name => {
    if (grid.keptOut.includes(name)) return keptOut;
    const kinds = cells[name] ?? [];
    return kinds.length === 0 ? hole : kinds.join(' + ');
  });
  return [version, `${Math.round(share * 1_000) / 10} %`, ...texts];
}

function verdict({ ok, errors, warnings, notes, hash, checked }: CheckReport): string {
  const counts = [plural(errors, 'error'), plural(warnings, 'warning'), plural(notes, 'note')].join(', ');
  if (ok) return `✓ fit to serve (${counts}; hash ${hash})`;
  const partial = checked.some(({ state }) => state === 'partial');
  return `✗ would be refused (${counts})${partial ? '\n? nothing found, but the mistakes above hide some of it' : ''}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
