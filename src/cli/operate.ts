import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

const drainOptions = { ...adminOptions, reason: { type: 'string' } } as const;

/** `drain` and `undrain`: a region, or one target of a model. */
function drainCommand(name: 'drain' | 'undrain', summary: string, done: string): Command {
  return {
    name,
    summary,
    usage: `Usage: meridian ${name} REGION
       meridian ${name} MODEL TARGET      (TARGET as shown by explain, e.g. v1@us-east-1/realtime)

  --reason TEXT why, for the audit
${adminUsage}`,
    run: async (args, io) => {
      const { values, positionals } = parse(args, drainOptions);
      const [first, second] = positionals;
      if (first === undefined || positionals.length > 2)
        throw new UsageError('Name a region, or a model and a target.');
      const reason = values.reason === undefined ? {} : { reason: values.reason };
      const what = second === undefined ? { region: first, ...reason } : { model: first, target: second, ...reason };
      const answer = await adminClient(values, io).post(`/admin/${name}`, what);
      report(io, values.json, answer, `${positionals.join(' ')} ${done}`);
      return 0;
    },
  };
}

/** `meridian drain`. */
export const drain = drainCommand(
  'drain',
  'take a region or a target out of traffic',
  'is drained: no new calls go there; undo with meridian undrain',
);
/** `meridian undrain`. */
export const undrain = drainCommand(
  'undrain',
  'put a drained region or target back',
  'takes traffic again, ramping up',
);

/** `meridian purge`. */
export const purge: Command = {
  name: 'purge',
  summary: 'drop the cached answers of a model or one of its versions',
  usage: `Usage: meridian purge MODEL [VERSION]

${adminUsage}`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, adminOptions);
    const [model, version] = positionals;
    if (model === undefined || positionals.length > 2)
      throw new UsageError('Name a model, and a version if only that is meant.');
    const answer = await adminClient(values, io).post(
      '/admin/purge',
      version === undefined ? { model } : { model, version },
    );
    report(io, values.json, answer, `Cached answers of ${positionals.join(' ')} are purged on every replica.`);
    return 0;
  },
};

function report(io: Io, json: boolean | undefined, answer: unknown, words: string): void {
  io.out(json ? `${JSON.stringify(answer, null, 2)}\n` : `${words}\n`);
}
