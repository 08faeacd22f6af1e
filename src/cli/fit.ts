/** What a text may take of a terminal. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/**
 * A screen that is drawn over itself: longer lines are cut, as they would break the columns, and where there are more
 * lines than rows the empty ones go first, then the last. One row stays for the cursor.
 */
export function fitted(text: string, { columns, rows }: Screen): string {
  const all = text.split('\n');
  const most = Math.max(1, rows - 1);
  const lines = all.length <= most ? all : all.filter(line => line !== '');
  const shown =
    lines.length <= most ? lines : [...lines.slice(0, most - 1), `  … ${lines.length - most + 1} more lines`];
  return shown.map(line => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`)).join('\n');
}

/** A line in several, broken at spaces, the later ones under its `indent`-th column; as it is where that is no help. */
export function wrapped(line: string, columns: number | undefined, indent: number): string {
  if (columns === undefined || columns < 2 * indent || line.length <= columns) return line;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const at = rest.lastIndexOf(' ', columns);
    // A single word longer than the line, such as an ARN, is left to the terminal: so it can be copied whole.
    const cut = at > indent ? at : rest.indexOf(' ', columns);
    if (cut < 0) break;
    lines.push(rest.slice(0, cut));
    rest = `${' '.repeat(indent)}${rest.slice(cut + 1)}`;
  }
  return [...lines, rest].join('\n');
}
