import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Value } from 'typebox/value';
import { readSource, systemSurroundings } from '../config/files.ts';
import { findingText } from '../config/findings.ts';
import { examine, loadPrices } from '../config/load.ts';
import type { Baseline } from '../drift/baseline.ts';
import { baselineTexts } from '../drift/baseline-files.ts';
import { fromCsvText, fromJsonLines } from '../drift/baseline-source.ts';
import { type BaselineSource, buildBaseline } from '../drift/build-baseline.ts';
import { type CaptureKeys, captureKeys } from '../drift/capture-keys.ts';
import { usualBins } from '../drift/describe.ts';
import type { PayloadShape } from '../drift/payload.ts';
import { PayloadOptions } from '../drift/payload-options.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

const options = {
  model: { type: 'string' },
  from: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
  prediction: { type: 'string' },
  truth: { type: 'string' },
  drop: { type: 'string', multiple: true },
  bins: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse<typeof options>>['values'];

/** `meridian baseline`. */
export const baseline: Command = {
  name: 'baseline',
  summary: 'what a model’s traffic is compared with: make it from data',
  usage: `Usage: meridian baseline build --from FILE|DIRECTORY --out DIRECTORY [--config FILE --model NAME]

  --from PATH          a CSV with a header, JSON lines (either may be packed, .gz), or a directory of captured calls
  --out DIRECTORY      where statistics.json, constraints.json and baseline.json are written
  --config FILE        the gateway's config, for the model's monitor.payload and the keys of captured calls
  --model NAME         the model in it
  --prediction COLUMN  column of a CSV (field of JSON lines) that holds what the model predicted
  --truth COLUMN       what really happened
  --drop COLUMN        leave out a column that callers do not send; may be given again
  --bins N             bins of numbers (default ${usualBins.bins})`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const [act, ...more] = positionals;
    if (act !== 'build' || more.length > 0) throw new UsageError('Say what to do: build.');
    const { from, out } = values;
    if (from === undefined || out === undefined) throw new UsageError('Say from what and where to: --from, --out.');
    const bins = Number(values.bins ?? usualBins.bins);
    if (!Number.isInteger(bins) || bins < 2 || bins > 1_000) throw new UsageError('--bins is a number from 2 to 1000.');
    try {
      const { shape, keys } = contextOf(values, io);
      const source = read(from, shape, values, keys);
      if (source.instances.length === 0) throw new Error('it holds no records');
      const made = buildBaseline(source, { ...usualBins, bins });
      mkdirSync(out, { recursive: true });
      for (const [name, text] of Object.entries(baselineTexts(made, source.instances, source.typed)))
        writeFileSync(join(out, name), text);
      io.out(summary(made, out, source.skipped));
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      io.err(`No baseline could be made of ${from}: ${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
  },
};

/** How the model's payloads look, and what opens captured calls. Throws when the config cannot tell. */
function contextOf({ config: file, model }: Values, io: Io): { shape: PayloadShape; keys: CaptureKeys } {
  const usual = Value.Default(PayloadOptions, {}) as PayloadOptions;
  if (file === undefined) return { shape: usual, keys: captureKeys(undefined) };
  if (model === undefined) throw new UsageError('Name the model of the config: --model NAME.');
  const { config, findings } = examine(readSource(file, systemSurroundings(io.env)), loadPrices());
  // The config may name the very baseline that is to be made.
  const errors = [...findings.values()]
    .flat()
    .filter(({ severity, path }) => severity === 'error' && !/\.monitor\.baselines?\b/.test(path));
  if (errors.length > 0) throw new Error(errors.map(findingText).join('\n'));
  const options = config.models[model];
  if (options === undefined)
    throw new Error(`no model ${model} in the config: there are ${Object.keys(config.models).join(', ')}`);
  const { monitor, tensors } = options;
  return {
    shape: { ...(monitor?.payload ?? usual), ...(tensors !== undefined && { tensors }) },
    keys: captureKeys(config.capture),
  };
}

function read(
  from: string,
  shape: PayloadShape,
  { prediction, truth, drop = [] }: Values,
  keys: CaptureKeys,
): BaselineSource & { skipped: number } {
  const roles = { prediction, truth, dropped: drop };
  if (statSync(from).isDirectory()) return fromJsonLines(linesBelow(from, keys), shape, roles);
  const text = readText(from);
  if (/\.csv(\.gz)?$/i.test(from)) return { ...fromCsvText(text, roles, shape.threshold), skipped: 0 };
  return fromJsonLines(text.split('\n').map(keys.open), shape, roles);
}

function* linesBelow(directory: string, keys: CaptureKeys): Generator<string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\.jsonl(\.gz)?$/.test(name),
  );
  for (const name of files.sort()) yield* readText(join(directory, name)).split('\n').map(keys.open);
}

const gzipMagic = 0x1f8b;

/** A text, packed or not, without its byte-order mark. Throws on what is none: its values would match no call's. */
function readText(path: string): string {
  const bytes = readFileSync(path);
  const plain = bytes.length > 2 && bytes.readUInt16BE() === gzipMagic ? gunzipSync(bytes) : bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (error) {
    throw new Error(`${path} is not text in UTF-8`, { cause: error });
  }
}

function summary({ records, features, prediction, performance }: Baseline, out: string, skipped: number): string {
  const lines = features.map(feature => {
    const bins =
      feature.kind === 'opaque' ? 'hardly repeats: only its presence is watched' : `${feature.counts.length} bins`;
    return `  ${feature.name.padEnd(24)} ${feature.kind.padEnd(8)} ${bins}, ${feature.missing} missing`;
  });
  const measured = Object.entries(performance?.measures ?? {}).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  return `${records} records, ${features.length} features${skipped > 0 ? `, ${skipped} lines skipped` : ''}
${lines.join('\n')}
${prediction === undefined ? 'No predictions: learned from traffic.' : `Predictions: ${prediction.kind}.`}${
  measured.length > 0 ? ` Against ground truth: ${measured.join(', ')}.` : ''
}
Written to ${out}: statistics.json, constraints.json, baseline.json.
`;
}
