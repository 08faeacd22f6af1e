import { sleep, systemClock } from '../core/clock.ts';
import type { HistoryLine } from '../rollout/canary/history.ts';
import type { CanaryStatus } from '../rollout/canary/status.ts';
import { AdminCallFailed, type AdminClient, adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { canaryScreen, table } from './canary-screen.ts';
import { deploymentFile } from './deployment-files.ts';
import { fitted } from './fit.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

const canaryOptions = {
  ...adminOptions,
  steps: { type: 'string' },
  sample: { type: 'string' },
  bake: { type: 'string' },
  cooldown: { type: 'string' },
  approval: { type: 'string' },
  'no-shadow': { type: 'boolean' },
  reason: { type: 'string' },
  watch: { type: 'boolean' },
  last: { type: 'string' },
  acts: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse<typeof canaryOptions>>['values'];

const acts: Readonly<Record<string, string>> = {
  pause: 'paused: it keeps its share, and takes no step',
  resume: 'goes on',
  promote: 'promoted',
  approve: 'promoted',
  abort: 'aborted: it gets no more calls',
};

/** `meridian canary`. */
export const canary: Command = {
  name: 'canary',
  summary: 'try a version on a share of the calls, and watch it',
  usage: `Usage: meridian canary start MODEL VERSION [how it differs from the config's plan]
       meridian canary status [MODEL] [--watch]
       meridian canary pause | resume | promote | approve | abort MODEL [--reason TEXT]
       meridian canary history MODEL [--last N] [--acts]
       meridian canary import FILE | export MODEL    (SageMaker's DeploymentConfig)

  --steps 1,5,25,50,100  percent of calls, step by step
  --sample N             calls of the canary in each step
  --bake TIME            each step lasts so long: 30s, 10m, 1h
  --cooldown TIME        after a rollback of this version, wait so long (0s: do not)
  --approval WHO         none, or second-person
  --no-shadow            leave out the config's shadow stage
  --reason TEXT          why, for the audit
  --watch                draw the status anew every second
  --last N               lines of history (default 100)
  --acts                 of the history, who did what and why, without the looks in between
${adminUsage}`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, canaryOptions);
    const [act, model, version, ...more] = positionals;
    const extra = act === 'start' ? more[0] : version;
    if (extra !== undefined) throw new UsageError(`canary ${act} takes no ${extra}.`);
    const admin = adminClient(values, io);
    if (act === 'status') return status(admin, io, values, model);
    if (act === 'import' || act === 'export') return deploymentFile(act, model, admin, io);
    if (model === undefined)
      throw new UsageError('Say what to do: start MODEL VERSION, status, or an act and a MODEL.');
    if (act === 'history') return history(admin, io, values, model);
    const reason = values.reason === undefined ? {} : { reason: values.reason };
    if (act === 'start') {
      if (version === undefined) throw new UsageError('Name the version to try: meridian canary start MODEL VERSION.');
      const body = { model, version, ...reason, ...changesOf(values) };
      const started = (await admin.post('/admin/canary/start', body)) as CanaryStatus;
      const share = `${Number((100 * started.share).toPrecision(3))} % of calls`;
      const gets = started.state === 'shadowing' ? 'gets copies of calls first' : `gets ${share}`;
      say(
        io,
        values,
        started,
        `${version} of ${model} ${gets}; watch it with: meridian canary status ${model} --watch`,
      );
      return 0;
    }
    const words = act === undefined ? undefined : acts[act];
    if (words === undefined) throw new UsageError(`canary knows no ${act}.`);
    const after = (await admin.post(`/admin/canary/${act}`, { model, ...reason })) as CanaryStatus;
    const asked = after.state === 'awaiting-approval' ? 'waits for a second person: meridian canary approve' : words;
    say(io, values, after, `${after.canary.version} of ${model}: ${asked}.`);
    return 0;
  },
};

function changesOf(values: Values): object {
  const steps = values.steps?.split(',').map(shareOf);
  return {
    ...(steps && { steps }),
    ...(values.sample !== undefined && { minSample: countOf(values.sample, '--sample') }),
    ...(values.bake !== undefined && { bakeMs: msOf(values.bake, '--bake') }),
    ...(values.cooldown !== undefined && { cooldownMs: msOf(values.cooldown, '--cooldown') }),
    ...(values.approval !== undefined && { approval: approvalOf(values.approval) }),
    ...(values['no-shadow'] && { shadowFirst: false }),
  };
}

// Told here, in the words of the command: the gateway would name fields that nobody typed.
function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0.1 && share <= 100))
    throw new UsageError(`--steps takes percents from 0.1 to 100, such as 1,5,25,50,100, not ${text}.`);
  return share;
}

function countOf(text: string, option: '--sample' | '--last'): number {
  const digits = option === '--last' ? /^[1-9]\d{0,4}$/ : /^[1-9]\d{0,8}$/;
  if (!digits.test(text))
    throw new UsageError(
      `${option} takes a whole number from 1 to ${option === '--last' ? '99999' : '999999999'}, not ${text}.`,
    );
  return Number(text);
}

function approvalOf(text: string): string {
  if (text !== 'none' && text !== 'second-person')
    throw new UsageError(`--approval is none or second-person, not ${text}.`);
  return text;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 30 * 86_400_000;

function msOf(text: string, option: string): number {
  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`${option} is a time such as 10m, not ${text}.`);
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms > longestMs) throw new UsageError(`${option} is 30d at most, not ${text}.`);
  return ms;
}

const redrawMs = 1_000;
const clearScreen = '\u001b[H\u001b[2J';

async function status(admin: AdminClient, io: Io, values: Values, model: string | undefined): Promise<number> {
  const path = model === undefined ? '/admin/canary' : `/admin/canary?model=${encodeURIComponent(model)}`;
  const draw = async () => {
    const answer = (await admin.get(path)) as { canaries: readonly CanaryStatus[] };
    const words = answer.canaries.map(canaryScreen).join('\n\n') || 'No canary was started yet.';
    io.out(values.json ? `${JSON.stringify(answer, null, 2)}\n` : screenOf(words, values, io));
  };
  await draw();
  while (values.watch && !io.stop.aborted) {
    await sleep(systemClock, redrawMs, io.stop);
    if (io.stop.aborted) break;
    await draw().catch((error: unknown) => {
      // A gateway that is being restarted is there again soon, and its canary goes on.
      if (!(error instanceof AdminCallFailed)) throw error;
      io.out(values.json ? `${error.message}\n` : screenOf(error.message, values, io));
    });
  }
  return 0;
}

/** In a terminal a watched status is one screen, drawn over the former one. */
function screenOf(words: string, { watch }: Values, io: Io): string {
  const [columns, rows] = [io.columns(), io.rows()];
  if (!watch || columns === undefined || rows === undefined) return `${words}\n`;
  return `${clearScreen}${fitted(words, { columns, rows })}\n`;
}

async function history(admin: AdminClient, io: Io, values: Values, model: string): Promise<number> {
  const last = values.last === undefined ? '' : `&last=${countOf(values.last, '--last')}`;
  const acts = values.acts ? '&acts=true' : '';
  const path = `/admin/canary/history?model=${encodeURIComponent(model)}${last}${acts}`;
  const answer = (await admin.get(path)) as { history: readonly HistoryLine[] };
  say(io, values, answer, table(answer.history.map(lineOf)).join('\n') || `${model} has had no canary.`);
  return 0;
}

function lineOf({ atMs, canary: version, act, state, share, by, reason, guards = {} }: HistoryLine): string[] {
  const statistics = Object.entries(guards).map(([guard, [statistic, at]]) => `${guard} ${statistic}/${at}`);
  const percent = `${Number((100 * share).toPrecision(3))} %`;
  return [new Date(atMs).toISOString().slice(0, 19), version, act, state, percent, by, reason || statistics.join(', ')];
}

function say(io: Io, { json }: Values, answer: unknown, words: string): void {
  io.out(json ? `${JSON.stringify(answer, null, 2)}\n` : `${words}\n`);
}
