import { BadInput, type Fields } from './fields.ts';

/** `{"instances":[{…}, …]}` → its rows. Throws `BadInput`. */
export function parseJsonInstances(text: string): Fields[] {
  const body = parseJson(text);
  const instances = isObject(body) ? body['instances'] : undefined;
  if (!Array.isArray(instances) || instances.length === 0) {
    throw new BadInput('expected {"instances":[…]} with at least one instance');
  }
  return instances.map((instance: unknown, i) => {
    if (!isObject(instance)) throw new BadInput(`instances[${i}]: expected an object`);
    return instance;
  });
}

/**
 * CSV → its rows as text. A first line that names the first column is a header and may order the columns as it likes; without one
 * they come in the order of `columns`. Columns beyond those are kept out, so a file of the data set can be sent as it is.
 * No column of these models can hold a comma, so quotes are stripped and nothing more. Throws `BadInput`.
 */
export function parseCsv(text: string, columns: readonly string[]): Fields[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .filter(line => line.trim() !== '')
    .map(cells);
  const [first = []] = lines;
  const hasHeader = first.some(cell => cell.toLowerCase() === columns[0]);
  const order = hasHeader ? first.map(cell => cell.toLowerCase()) : columns;
  const rows = hasHeader ? lines.slice(1) : lines;
  if (rows.length === 0) throw new BadInput(`expected CSV with the columns ${columns.join(',')}`);
  const positions = columns.map(column => [column, order.indexOf(column)] as const);
  return rows.map(row => Object.fromEntries(positions.map(([column, position]) => [column, row[position]])));
}

function cells(line: string): string[] {
  return line.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput('the body is not valid JSON');
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
