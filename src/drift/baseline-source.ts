import type { BaselineSource } from './build-baseline.ts';
import { payloadOf, readCaptureRecord } from './capture-record.ts';
import { readCsv } from './csv.ts';
import { isObject, parse } from './json-values.ts';
import { performanceOf } from './judge-performance.ts';
import { type Instance, numberIn, type PayloadShape, readPredictions, readRecords, type Value } from './payload.ts';
import { addTruth, noTruths } from './truth-counts.ts';

/** Which columns of a table are not features. */
export interface ColumnRoles {
  readonly prediction: string | undefined;
  readonly truth: string | undefined;
  readonly dropped: readonly string[];
}

const mostRows = 5_000_000;

/**
 * Records of a CSV with a header. A column without a name, as tables get that are written with their row numbers, is no
 * feature. Throws an `Error` where a name is there twice, or a record has more values than there are names.
 */
export function fromCsvText(text: string, roles: ColumnRoles, threshold: number | undefined): BaselineSource {
  const { names, rows } = readCsv(text, undefined, 'present', mostRows);
  const columns = names.flatMap((name, index) => (name === '' ? [] : [{ name, index }]));
  const twice = columns.find(({ name, index }) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`there are two columns ${twice.name}`);
  const long = rows.findIndex(cells => cells.slice(names.length).some(cell => cell !== ''));
  if (long >= 0)
    throw new Error(`record ${long + 1} has more values than there are columns: is a comma not in quotes?`);
  const instances = rows.map(
    cells => new Map<string, Value>(columns.map(({ name, index }) => [name, cellOf(cells[index] ?? '')])),
  );
  return fromTable(instances, roles, threshold, false);
}

function cellOf(cell: string): Value {
  return cell === '' ? null : cell;
}

/** Records of JSON lines: objects of features, or captured calls; captured calls bring their own predictions. */
export function fromJsonLines(
  lines: Iterable<string>,
  shape: PayloadShape,
  roles: ColumnRoles,
): BaselineSource & { readonly skipped: number } {
  const all = { ...shape, maxInstances: 100_000 };
  const plain: Instance[] = [];
  const captured: { instances: Instance[]; predictions: (number | string)[] } = { instances: [], predictions: [] };
  let skipped = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const record = readCaptureRecord(line);
    const input = payloadOf(record?.captureData.endpointInput);
    const output = payloadOf(record?.captureData.endpointOutput);
    if (input !== undefined) {
      const { instances, typed } = readRecords(all, input.contentType, input.body);
      captured.instances.push(...(typed ? instances : instances.map(numbered)));
      if (output !== undefined) captured.predictions.push(...readPredictions(all, output.contentType, output.body));
      if (instances.length === 0) skipped += 1;
    } else {
      const value = parse(line);
      const [instance] = isObject(value)
        ? readRecords({ ...all, instances: '' }, undefined, Buffer.from(line)).instances
        : [];
      if (instance === undefined) skipped += 1;
      else plain.push(instance);
    }
  }
  if (captured.instances.length === 0) return { ...fromTable(plain, roles, shape.threshold, true), skipped };
  const drop = new Set(roles.dropped);
  const instances = captured.instances.map(each => new Map([...each].filter(([name]) => !drop.has(name))));
  return { instances, typed: true, predictions: captured.predictions, performance: undefined, skipped };
}

function numbered(instance: Instance): Instance {
  return new Map(
    [...instance].map(([name, value]) => [name, typeof value === 'string' ? (numberIn(value) ?? value) : value]),
  );
}

function fromTable(
  table: readonly Instance[],
  { prediction, truth, dropped }: ColumnRoles,
  threshold: number | undefined,
  typed: boolean,
): BaselineSource {
  const others = new Set([prediction, truth, ...dropped]);
  const names = new Set(table.flatMap(row => [...row.keys()]));
  for (const other of others)
    if (other !== undefined && !names.has(other))
      throw new Error(`there is no column ${other}: there are ${[...names].slice(0, 20).join(', ')}`);
  const column = (name: string | undefined) =>
    table.map(row => (name === undefined ? undefined : scalarOf(row.get(name) ?? null)));
  const [predictions, truths] = [column(prediction), column(truth)];
  const counts = noTruths();
  for (const [index, predicted] of predictions.entries()) {
    const happened = truths[index];
    if (predicted !== undefined && happened !== undefined) addTruth(counts, predicted, happened, threshold);
  }
  return {
    instances: table.map(row => new Map([...row].filter(([name]) => !others.has(name)))),
    typed,
    predictions: predictions.flatMap(each => each ?? []),
    performance: performanceOf(counts),
  };
}

function scalarOf(value: Value): number | string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' ? (numberIn(value) ?? value) : value;
}
