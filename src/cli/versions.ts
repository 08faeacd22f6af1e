import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, parse, UsageError } from './options.ts';

/** `meridian versions`. */
export const versions: Command = {
  name: 'versions',
  summary: 'list and take out versions that came from the model registry',
  usage: `Usage: meridian versions [list]
       meridian versions remove MODEL VERSION

${adminUsage}

Versions of the config file are not listed: they are there as long as the file says so.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, adminOptions);
    const [act = 'list', model, version, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`versions ${act} takes no ${more[0]}.`);
    const admin = adminClient(values, io);
    const say = (answer: unknown, words: string) =>
      io.out(values.json ? `${JSON.stringify(answer, null, 2)}\n` : `${words}\n`);
    if (act === 'list' && model === undefined) {
      const answer = (await admin.get('/admin/versions')) as { versions: readonly Row[] };
      say(answer, answer.versions.length === 0 ? 'No version came from the model registry.' : table(answer.versions));
    } else if (act === 'remove' && model !== undefined && version !== undefined) {
      const answer = await admin.post('/admin/versions/remove', { model, version });
      say(answer, `${version} of ${model} is taken out.`);
    } else throw new UsageError('Say what to do: list, or remove MODEL VERSION.');
    return 0;
  },
};

/** A version as the gateway lists it. */
interface Row {
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly packageArn: string;
  readonly at: string;
  readonly canary: string;
  readonly detail?: string;
}

function table(rows: readonly Row[]): string {
  return rows
    .map(({ model, version, endpoint, at, canary, detail, packageArn }) => {
      const state = `canary ${canary}${detail === undefined ? '' : `: ${detail}`}`;
      return `${model} ${version}  endpoint ${endpoint}  since ${at.slice(0, 16)}Z  ${state}\n  of ${packageArn}`;
    })
    .join('\n');
}
