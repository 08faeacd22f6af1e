import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Baseline } from './baseline.ts';
import { misfits, strangers, twice, unmonitored } from './baseline-problems.ts';
import { BaselineFile, ConstraintsFile, decode, type Problems, StatisticsFile } from './baseline-schema.ts';
import { constraintsFile, constraintsOf, disordered, featuresOf, suggestConstraints, untold } from './model-monitor.ts';
import type { Instance } from './payload.ts';
import { statisticsFile } from './statistics-file.ts';

/** Names of the files of a baseline's directory. */
export const fileNames = {
  statistics: 'statistics.json',
  constraints: 'constraints.json',
  baseline: 'baseline.json',
} as const;

/** A baseline as read, with a hash of its files; or what is wrong with them, each with its file. */
export type ReadBaseline = { readonly baseline: Baseline; readonly hash: string } | { readonly problems: Problems };

/**
 * Reads the directory of a baseline: `baseline.json` if the gateway wrote it, else Model Monitor's `statistics.json`;
 * and `constraints.json`, without which what the features kept to is expected. Never throws.
 * @param read the text of a file; throws when it cannot be had
 */
export function readBaseline(directory: string, read: (path: string) => string): ReadBaseline {
  const problems: string[] = [];
  const hash = createHash('sha256');
  const file = (name: string): string | undefined => {
    try {
      const text = read(join(directory, name));
      hash.update(`${name}:${text.length}:${text}`);
      return text;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') problems.push(`${name} cannot be read (${String(code ?? error)})`);
      return undefined;
    }
  };
  const told = (name: string, more: Problems) => {
    problems.push(...more.map(problem => `${name}: ${problem}`));
  };
  const own = readOwn(file(fileNames.baseline), told);
  const statistics = own === undefined ? readStatistics(file(fileNames.statistics), told) : own;
  const text = file(fileNames.constraints);
  const constraints = text === undefined ? undefined : decode(ConstraintsFile, text);
  if (constraints !== undefined)
    told(fileNames.constraints, 'problems' in constraints ? constraints.problems : twice(constraints.value.features));
  if (statistics === undefined && problems.length === 0)
    problems.push(`has neither ${fileNames.baseline} nor ${fileNames.statistics}`);
  if (statistics !== undefined && constraints !== undefined && 'value' in constraints)
    told(fileNames.constraints, strangers(statistics.features, constraints.value.features));
  if (statistics === undefined || problems.length > 0) return { problems };
  const { features } = statistics;
  const kept = constraints && 'value' in constraints ? constraintsOf(constraints.value) : suggestConstraints(features);
  return { baseline: { ...statistics, constraints: kept }, hash: hash.digest('hex').slice(0, 12) };
}

type WithoutConstraints = Omit<Baseline, 'constraints'>;
type Tell = (name: string, problems: Problems) => void;

function readOwn(text: string | undefined, tell: Tell): WithoutConstraints | undefined {
  if (text === undefined) return undefined;
  const read = decode(BaselineFile, text);
  const problems = 'problems' in read ? read.problems : [...misfits(read.value), ...unmonitored(read.value)];
  tell(fileNames.baseline, problems);
  return 'value' in read && problems.length === 0 ? ownBaseline(read.value) : undefined;
}

/** A baseline without its constraints, as it was decoded. */
function ownBaseline({ records, features, prediction, performance }: BaselineFile): WithoutConstraints {
  return { records, features, prediction, performance };
}

function readStatistics(text: string | undefined, tell: Tell): WithoutConstraints | undefined {
  if (text === undefined) return undefined;
  const read = decode(StatisticsFile, text);
  if ('problems' in read) {
    tell(fileNames.statistics, read.problems);
    return undefined;
  }
  const features = featuresOf(read.value);
  const nothing = unmonitored({ features, prediction: undefined });
  tell(fileNames.statistics, [...disordered(read.value), ...untold(read.value), ...twice(features), ...nothing]);
  const records = read.value.dataset?.item_count ?? 0;
  return { records, features, prediction: undefined, performance: undefined };
}

/** Indented, with lists of numbers on a line each: a sketch has thousands. */
function text(value: object): string {
  const indented = JSON.stringify(value, null, 2);
  return `${indented.replace(/\[[\s\d.eE+,-]*\]/g, list => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'))}\n`;
}

/** The texts of a baseline's files, by name. @param instances the records it was made of */
export function baselineTexts(
  baseline: Baseline,
  instances: readonly Instance[],
  typed: boolean,
): Record<string, string> {
  const { constraints, ...rest } = baseline;
  return {
    [fileNames.statistics]: text(statisticsFile(baseline.features, instances, typed)),
    [fileNames.constraints]: text(constraintsFile(constraints)),
    [fileNames.baseline]: text({ version: 1, ...rest }),
  };
}

/** A baseline as one text, for the state that replicas share. */
export function encodeBaseline(baseline: Baseline): string {
  const { constraints, ...rest } = baseline;
  return JSON.stringify({ baseline: { version: 1, ...rest }, constraints: constraintsFile(constraints) });
}

/** Undefined when it is none. */
export function decodeBaseline(value: unknown): Baseline | undefined {
  if (typeof value !== 'object' || value === null || !('baseline' in value) || !('constraints' in value))
    return undefined;
  const own = decode(BaselineFile, JSON.stringify(value.baseline));
  const constraints = decode(ConstraintsFile, JSON.stringify(value.constraints));
  if (!('value' in own) || !('value' in constraints) || misfits(own.value).length > 0) return undefined;
  return { ...ownBaseline(own.value), constraints: constraintsOf(constraints.value) };
}
