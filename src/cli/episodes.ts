import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

const episodeOptions = {
  ...adminOptions,
  model: { type: 'string' },
  open: { type: 'boolean' },
  reason: { type: 'string' },
  scope: { type: 'string' },
} as const;

/** `meridian episodes`. */
export const episodes: Command = {
  name: 'episodes',
  summary: 'what drifted, what was done about it and what came of it',
  usage: `Usage: meridian episodes [list] [--model NAME] [--open]
       meridian episodes show ID
       meridian episodes approve ID
       meridian episodes dismiss ID [--reason TEXT]
       meridian episodes trigger MODEL [--scope CLASS] --reason TEXT

  --model NAME   those of one model
  --open         those that are not over
  --scope CLASS  for the callers of a residency class; default: all
  --reason TEXT  why, for the story
${adminUsage}`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, episodeOptions);
    const [act = 'list', subject, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`episodes ${act} takes no ${more[0]}.`);
    const admin = adminClient(values, io);
    if (act === 'list' && subject === undefined) {
      const answer = (await admin.get(`/admin/episodes${queryOf(values)}`)) as { episodes: readonly Row[] };
      say(io, values.json, answer, () => table(answer.episodes, values));
      return 0;
    }
    if (subject === undefined || !(act in acts))
      throw new UsageError('Say what to do: list, show ID, approve ID, dismiss ID or trigger MODEL --reason TEXT.');
    if (act === 'trigger' && values.reason === undefined)
      throw new UsageError('Say why, for the story: --reason TEXT.');
    const { reason, scope } = values;
    if (scope !== undefined && act !== 'trigger') throw new UsageError(`episodes ${act} takes no --scope.`);
    const told = { ...(reason !== undefined && { reason }), ...(scope !== undefined && { scope }) };
    const answer = (await acts[act as keyof typeof acts](admin, subject, told)) as Story;
    say(io, values.json, answer, () => story(answer));
    return 0;
  },
};

type Admin = ReturnType<typeof adminClient>;

const acts = {
  show: (admin: Admin, id: string) => admin.get(`/admin/episodes/${encodeURIComponent(id)}`),
  approve: (admin: Admin, id: string) => admin.post('/admin/episodes/approve', { id }),
  dismiss: (admin: Admin, id: string, told: object) => admin.post('/admin/episodes/dismiss', { id, ...told }),
  trigger: (admin: Admin, model: string, told: object) => admin.post('/admin/episodes/trigger', { model, ...told }),
} as const;

/** An episode as the gateway lists it. */
interface Row {
  readonly id: string;
  readonly model: string;
  readonly scope: string;
  readonly state: string;
  readonly openedAt: string;
  readonly version: string | null;
  readonly newVersion: string | null;
  readonly waitsFor: string | null;
  readonly last: string | null;
}

/** One as the gateway shows it. */
interface Story extends Row {
  readonly openedBy: string;
  readonly pipeline: { readonly arn: string; readonly status: string } | null;
  readonly verdict: { readonly outcome: string; readonly reason: string } | null;
  readonly quality: Readonly<Record<'before' | 'after', Readonly<Record<string, number>>>>;
  readonly timeline: readonly { at: string; by: string; what: string; detail: string }[];
}

function queryOf({ model, open }: { model?: string | undefined; open?: boolean | undefined }): string {
  const query = new URLSearchParams({
    ...(model !== undefined && { model }),
    ...(open && { open: 'true' }),
  }).toString();
  return query === '' ? '' : `?${query}`;
}

function say(io: Io, json: boolean | undefined, answer: unknown, words: () => string): void {
  io.out(json ? `${JSON.stringify(answer, null, 2)}\n` : `${words()}\n`);
}

function table(
  rows: readonly Row[],
  { model, open }: { model?: string | undefined; open?: boolean | undefined },
): string {
  const asked = model === undefined ? '' : ` of ${model}`;
  if (rows.length === 0) return open ? `No episode${asked} is open.` : `No episodes${asked}: nothing has drifted.`;
  const cells = rows.map(row => [
    row.id,
    `${row.openedAt.slice(0, 16)}Z`,
    subjectOf(row),
    row.state,
    row.waitsFor ?? row.last ?? '',
  ]);
  const widths = [0, 1, 2, 3].map(column => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  return cells.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

/** The model, and whose drift it is where that is not all callers'. */
function subjectOf({ model, scope }: Row): string {
  return scope === 'all' ? model : `${model} (${scope})`;
}

function story(episode: Story): string {
  const { id, state, version, newVersion, waitsFor, pipeline, verdict, quality, timeline } = episode;
  const measured = Object.entries(quality.before).map(([name, before]) => {
    const after = quality.after[name];
    return `${name} ${rounded(before)}${after === undefined ? '' : ` → ${rounded(after)}`}`;
  });
  const facts = [
    `Episode ${id} of ${subjectOf(episode)}: ${state}`,
    version === null ? undefined : `version   ${version}${newVersion === null ? '' : ` → ${newVersion}`}`,
    waitsFor === null ? undefined : `waits for ${waitsFor}`,
    pipeline === null ? undefined : `pipeline  ${pipeline.arn} (${pipeline.status})`,
    verdict === null ? undefined : `verdict   ${verdict.outcome}: ${verdict.reason}`,
    measured.length === 0 ? undefined : `quality   ${measured.join(', ')}`,
  ].filter(line => line !== undefined);
  const lines = timeline.map(
    ({ at, by, what, detail }) => `${at.slice(0, 19)}Z  ${what.padEnd(18)} ${detail}  [${by}]`,
  );
  return [...facts, '', ...lines].join('\n');
}

function rounded(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
