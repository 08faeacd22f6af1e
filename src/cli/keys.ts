import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, parse, UsageError } from './options.ts';

const keyOptions = {
  ...adminOptions,
  tenant: { type: 'string' },
  model: { type: 'string', multiple: true },
  residency: { type: 'string', multiple: true },
  expires: { type: 'string' },
  overlap: { type: 'string' },
  finish: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse<typeof keyOptions>>['values'];

/** `meridian keys`. */
export const keys: Command = {
  name: 'keys',
  summary: 'give out, list, rotate and take back callers’ keys',
  usage: `Usage: meridian keys create --tenant NAME [--model NAME]... [--residency NAME]... [--expires WHEN]
       meridian keys list
       meridian keys rotate ID [--overlap TIME | --finish]
       meridian keys revoke ID

  --tenant NAME     who the key belongs to
  --model NAME      a model it may call (default: all that its tenant may)
  --residency NAME  where its calls may be served
  --expires WHEN    a day such as 2030-01-31, or a time from now such as 90d
  --overlap TIME    how long the older secret goes on: 0s, 30m, 24h (default), 7d
  --finish          end the older secret now, without making another
${adminUsage}

Secrets are shown once. A key is an AWS key pair (the id and the secret), and its secret is an API key.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, keyOptions);
    const [act, id, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`keys ${act} takes no ${more[0]}.`);
    const admin = adminClient(values, io);
    const say = (answer: unknown, words: () => string) =>
      io.out(values.json ? `${JSON.stringify(answer, null, 2)}\n` : `${words()}\n`);
    if (act === 'list') {
      const { keys: all } = (await admin.get('/admin/keys')) as { keys: readonly Row[] };
      say(all, () => table(all));
    } else if (act === 'create') {
      const answer = (await admin.post('/admin/keys/create', grantOf(values))) as Made;
      say(answer, () => shownOnce(answer, 'It is not shown again.'));
    } else if (act === 'rotate' && id !== undefined) {
      const answer = (await admin.post('/admin/keys/rotate', rotationOf(id, values))) as Made;
      const until = `The older secret goes on until ${answer.olderEndsAt}.`;
      say(answer, () => (values.finish ? `${id}: the older secret is refused now.` : shownOnce(answer, until)));
    } else if (act === 'revoke' && id !== undefined) {
      const answer = await admin.post('/admin/keys/revoke', { id });
      say(answer, () => `${id} is revoked: here at once, on the other replicas within seconds.`);
    } else {
      throw new UsageError('Say what to do: create, list, rotate ID or revoke ID.');
    }
    return 0;
  },
};

/** A new secret as the gateway answers it. */
interface Made {
  readonly id: string;
  readonly secret: string;
  readonly olderEndsAt?: string;
}

/** A key as the gateway lists it. */
interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly state: string;
  readonly models?: readonly string[];
  readonly expiresAt?: string;
  readonly lastUsedAt: string | null;
}

function grantOf({ tenant, model, residency, expires }: Values): object {
  if (tenant === undefined) throw new UsageError('Name the tenant: --tenant NAME.');
  const seconds = expires === undefined ? undefined : secondsOf(expires);
  if (expires !== undefined && seconds === undefined && !/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(expires))
    throw new UsageError(`--expires is a day such as 2030-01-31, or a time from now such as 90d, not ${expires}.`);
  return {
    tenant,
    ...(model && { models: model }),
    ...(residency && { residency }),
    ...(expires !== undefined && (seconds === undefined ? { expiresAt: expires } : { expiresInSeconds: seconds })),
  };
}

function rotationOf(id: string, { overlap, finish }: Values): object {
  if (finish) return { id, finish };
  if (overlap === undefined) return { id };
  const overlapSeconds = secondsOf(overlap);
  if (overlapSeconds === undefined) throw new UsageError(`--overlap is a time such as 24h, not ${overlap}.`);
  return { id, overlapSeconds };
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90d` in seconds; undefined for anything else. */
function secondsOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * (unitSeconds[unit] ?? 0);
}

function shownOnce({ id, secret }: Made, note: string): string {
  return `Access key id      ${id}
Secret access key  ${secret}

The secret alone is the API key (x-api-key, or Authorization: Bearer). ${note}`;
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No keys were issued.';
  const cells = rows.map(row => [
    row.id,
    row.tenant,
    row.state,
    row.models?.join(',') ?? 'all models',
    row.expiresAt === undefined ? 'never expires' : `expires ${row.expiresAt.slice(0, 16)}Z`,
    row.lastUsedAt === null ? 'not used yet' : `used ${row.lastUsedAt.slice(0, 16)}Z`,
  ]);
  const widths = [0, 1, 2, 3, 4].map(column => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  return cells.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}
