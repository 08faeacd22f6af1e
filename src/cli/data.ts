import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findingText } from '../config/findings.ts';
import { loadConfig } from '../config/load.ts';
import { type CaptureKeys, captureKeys } from '../drift/capture-keys.ts';
import type { ErasureReport } from '../drift/erasure.ts';
import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

const options = {
  ...adminOptions,
  tenant: { type: 'string' },
  'inference-id': { type: 'string' },
  config: { type: 'string' },
  from: { type: 'string' },
  out: { type: 'string' },
} as const;

type Values = ReturnType<typeof parse<typeof options>>['values'];

/** `meridian data`. */
export const data: Command = {
  name: 'data',
  summary: 'what is kept of calls: delete it, or export what was captured',
  usage: `Usage: meridian data delete --tenant NAME | --inference-id ID
       meridian data export --config FILE --from PATH --out DIRECTORY

delete removes captured records, answers remembered for ground truth, and cached answers, on every replica.
export writes captured files as SageMaker would have, their lines opened with the keys of the config.

  --tenant NAME       everything of a tenant
  --inference-id ID   what belongs to one call
  --config FILE       the gateway's config, which has the keys
  --from PATH         a captured file, or a directory of them
  --out DIRECTORY     where the opened files are written
${adminUsage}`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, options);
    const [act, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`data ${act} takes no ${more[0]}.`);
    if (act === 'delete') return deleteData(values, io);
    if (act === 'export') return exportData(values, io);
    throw new UsageError('Say what to do: delete or export.');
  },
};

async function deleteData(values: Values, io: Io): Promise<number> {
  const { tenant, 'inference-id': inferenceId } = values;
  if ((tenant === undefined) === (inferenceId === undefined))
    throw new UsageError('Name one: --tenant NAME or --inference-id ID.');
  const what = tenant === undefined ? { inferenceId } : { tenant };
  const answer = (await adminClient(values, io).post('/admin/data/delete', what)) as ErasureReport;
  const { captured, feedback, cached, replicas } = answer;
  const missing = replicas.expected - replicas.answered;
  const words = `Removed ${captured} captured records, ${feedback} remembered answers, ${cached} cached answers; ${replicas.answered} of ${replicas.expected} replicas answered.${
    missing > 0 ? ' The others remove theirs when they are back: ask again to see it.' : ''
  }`;
  io.out(values.json ? `${JSON.stringify(answer, null, 2)}\n` : `${words}\n`);
  return missing > 0 ? 1 : 0;
}

function exportData({ config, from, out }: Values, io: Io): number {
  if (config === undefined || from === undefined || out === undefined)
    throw new UsageError('Say with which keys, from where and where to: --config, --from, --out.');
  const loaded = loadConfig(config, io.env);
  if (!loaded.ok) {
    io.err(`${loaded.findings.map(findingText).join('\n')}\n`);
    return 1;
  }
  const keys = captureKeys(loaded.resolved.config.capture);
  let lines = 0;
  const files = filesBelow(from);
  for (const [path, name] of files) {
    const opened = openLines(path, keys);
    if (typeof opened === 'string') {
      io.err(`${path}: ${opened}\n`);
      return 1;
    }
    lines += opened.length;
    const target = join(out, name);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, opened.map(line => `${line}\n`).join(''), { mode: 0o600 });
  }
  io.out(`${lines} records of ${files.length} files written to ${out}.\n`);
  return 0;
}

/** Paths of files, and their names below what was named. */
function filesBelow(from: string): readonly (readonly [string, string])[] {
  if (!statSync(from).isDirectory()) return [[from, from.slice(from.lastIndexOf('/') + 1)]];
  const names = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl'));
  return names.sort().map(name => [join(from, name), name]);
}

/** The lines of a file, or why they cannot be opened. */
function openLines(path: string, keys: CaptureKeys): readonly string[] | string {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(keys.open);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
