/** Lines of CSV as cells. */
export interface CsvTable {
  /** Of the columns, as far as header or config name them. */
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** False when there were more rows than asked for. */
  readonly whole: boolean;
}

/**
 * Reads CSV (RFC 4180: quotes, doubled quotes, line breaks in quotes). Empty lines are passed over; a quote that is not
 * closed ends with the text. Never throws.
 * @param header `auto`: with `columns` a line of theirs only is a header, without them the first line is
 */
export function readCsv(
  text: string,
  columns: readonly string[] | undefined,
  header: 'auto' | 'present' | 'absent',
  mostRows: number,
): CsvTable {
  const scanner = new CsvLines(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const rows: string[][] = [];
  let names = columns ?? [];
  let first = true;
  for (let cells = scanner.next(); cells !== undefined; cells = scanner.next()) {
    if (first && isHeader(cells, columns, header)) names = cells.map(cell => cell.trim());
    else if (rows.length < mostRows) rows.push(cells);
    else return { names, rows, whole: false };
    first = false;
  }
  return { names, rows, whole: true };
}

function isHeader(cells: readonly string[], columns: readonly string[] | undefined, header: string): boolean {
  if (header !== 'auto') return header === 'present';
  return (
    columns === undefined || (cells.length <= columns.length && cells.every(cell => columns.includes(cell.trim())))
  );
}

class CsvLines {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The cells of the next line that is not empty. */
  next(): string[] | undefined {
    while (this.#at < this.#text.length) {
      const cells = this.#line();
      if (cells.length > 1 || cells[0]?.trim() !== '') return cells;
    }
    return undefined;
  }

  #line(): string[] {
    const text = this.#text;
    const cells: string[] = [];
    for (;;) {
      cells.push(text[this.#at] === '"' ? this.#quoted() : this.#plain());
      const end = text[this.#at];
      this.#at += 1;
      if (end === ',') continue;
      if (end === '\r' && text[this.#at] === '\n') this.#at += 1;
      return cells;
    }
  }

  #plain(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !ends(this.#text[this.#at])) this.#at += 1;
    return this.#text.slice(start, this.#at).trim();
  }

  #quoted(): string {
    const text = this.#text;
    let cell = '';
    for (;;) {
      const close = text.indexOf('"', this.#at + 1);
      cell += text.slice(this.#at + 1, close < 0 ? text.length : close);
      this.#at = close < 0 ? text.length : close + 1;
      if (text[this.#at] !== '"') break;
      cell += '"';
    }
    return cell + this.#plain();
  }
}

function ends(character: string | undefined): boolean {
  return character === ',' || character === '\n' || character === '\r';
}
