import { actionText, nameOf, prepared, regionsOf, type Tried, tryAction } from './actions.ts';
import { happen, noted } from './change.ts';
import type { ActionRecord, Episode } from './episode.ts';
import type { ActionOptions, RetrainOptions } from './options.ts';
import type { RetrainPorts } from './ports.ts';
import { endSecondRuns } from './second-run.ts';

/** Tries in one region, and of a webhook. */
const mostTries = 4;
const firstPauseMs = 1_000;
/** A replica that works on an episode and is not heard of for this long is gone. */
const leaseMs = 60_000;

/** Claims a retraining of the model's budget and writes down what will be done; or only writes it down, in a dry run. */
export async function start(ports: RetrainPorts, episode: Episode, options: RetrainOptions): Promise<void> {
  const actions = prepared(ports, episode, options.actions);
  const told = actions.map((record, index) => actionText(record, regionsAt(options, index))).join('; ');
  if (options.dryRun) {
    await happen(ports, episode.id, 'rehearsed', { by: 'gateway', detail: `dry run, not done: ${told}` });
    return;
  }
  const why = await ports.budget.claim(episode.model, episode.id, options);
  // Another replica took the last one meanwhile: the next look writes down why it waits.
  if (why === undefined)
    await happen(ports, episode.id, 'started', { by: 'gateway', detail: told }, () => ({ actions }));
}

function regionsAt(options: RetrainOptions, index: number): readonly string[] {
  const action = options.actions[index];
  return action === undefined ? [] : regionsOf(action);
}

/**
 * Runs `work` on an episode as the only replica, and puts what it makes of it in place. Another replica's lease is
 * respected until it ends; then work may be done again, which its token makes harmless.
 * @param claimed what is written down with the lease, before the work
 */
async function alone(
  ports: RetrainPorts,
  id: string,
  claimed: (episode: Episode) => Episode,
  work: (episode: Episode) => Promise<(latest: Episode) => Episode>,
): Promise<Episode | undefined> {
  const { book, clock, replica } = ports;
  const mine = await book.change(id, episode => {
    const { lease } = episode;
    if (lease !== undefined && lease.replica !== replica && lease.untilMs > clock.wallMs()) return undefined;
    return { ...claimed(episode), lease: { replica, untilMs: clock.wallMs() + leaseMs } };
  });
  if (mine === undefined) return undefined;
  const finish = await work(mine);
  return book.change(id, latest => {
    if (latest.lease?.replica !== replica) return undefined;
    const { lease: _, ...rest } = finish(latest);
    return rest;
  });
}

/** Carries one action out, once; what came of it is in the record and the timeline. */
export async function act(ports: RetrainPorts, id: string, index: number, options: RetrainOptions): Promise<void> {
  let record: ActionRecord | undefined;
  const claimed = (episode: Episode) => {
    record = episode.actions[index];
    return aboutToTry(episode, index, options);
  };
  await alone(ports, id, claimed, async episode => {
    if (record === undefined || record.state !== 'pending') return latest => latest;
    const action = actionOf(record, options);
    const tried: Tried =
      action === undefined
        ? { ok: false, why: 'it is not configured any more', retryable: false, unsure: false }
        : await tryAction(ports, episode, record, action);
    const next = afterTry(record, tried, action, ports.clock.wallMs());
    const result = resultOf(record, next);
    const region = tried.ok ? tried.region : action && regionsOf(action)[record.regionIndex];
    const detail = `${record.kind} ${record.to}${region === undefined ? '' : ` in ${region}`}: ${tried.ok ? tried.link : tried.why}`;
    ports.emit({
      type: 'retrain-action',
      model: episode.model,
      episode: id,
      action: record.kind,
      region,
      result,
      detail,
    });
    const execution = followed(record, tried, ports.clock.wallMs(), options);
    return latest => {
      const actions = latest.actions.with(index, next);
      const entry = { atMs: ports.clock.wallMs(), by: 'gateway', what: `action ${result}`, detail };
      return noted({ ...latest, actions, ...execution }, entry);
    };
  });
}

function actionOf({ kind, to }: ActionRecord, { actions }: RetrainOptions): ActionOptions | undefined {
  return actions.find(each => each.kind === kind && nameOf(each) === to);
}

/** Where an action is tried: its region, or the URL of a webhook. */
function placeOf({ regionIndex }: ActionRecord, action: ActionOptions): string {
  return regionsOf(action)[regionIndex] ?? nameOf(action);
}

/**
 * The episode with the place that is about to be asked among those that may have carried the action out: whoever asks
 * may die, or lose the other replicas, before what came of it is written down.
 */
function aboutToTry(episode: Episode, index: number, options: RetrainOptions): Episode {
  const record = episode.actions[index];
  const action = record && actionOf(record, options);
  if (record?.state !== 'pending' || action === undefined) return episode;
  const unsure = [...new Set([...(record.unsure ?? []), placeOf(record, action)])];
  return { ...episode, actions: episode.actions.with(index, { ...record, unsure }) };
}

/** A pipeline that was started is followed from now on. */
function followed(
  { kind }: ActionRecord,
  tried: Tried,
  nowMs: number,
  { pollSeconds }: RetrainOptions,
): Pick<Episode, 'execution'> | undefined {
  if (kind !== 'pipeline' || !tried.ok || tried.region === undefined) return undefined;
  const { region, link: arn } = tried;
  return { execution: { region, arn, status: 'Executing', dueAtMs: nowMs + pollSeconds * 1_000 } };
}

/** Again later, in the next region, or not at all. */
function afterTry(record: ActionRecord, tried: Tried, action: ActionOptions | undefined, nowMs: number): ActionRecord {
  if (tried.ok) {
    const { link, region } = tried;
    const { unsure = [], ...rest } = record;
    const elsewhere = unsure.filter(each => each !== region); // here the token has made one run of all tries
    const left = elsewhere.length > 0 && record.kind === 'pipeline' && { unsure: elsewhere };
    return { ...rest, ...left, state: 'done', link, ...(region !== undefined && { region }) };
  }
  const failures = record.failures + 1;
  const at = action && placeOf(record, action);
  const unsure = new Set([...(record.unsure ?? []), ...(tried.unsure && at !== undefined ? [at] : [])]);
  const next = { ...record, failures, ...(unsure.size > 0 && { unsure: [...unsure] }) };
  if (!tried.retryable || action === undefined) return { ...next, state: 'failed' };
  if (failures < mostTries) return { ...next, dueAtMs: nowMs + firstPauseMs * 4 ** record.failures };
  if (record.regionIndex + 1 >= regionsOf(action).length) return { ...next, state: 'failed' };
  return { ...next, regionIndex: record.regionIndex + 1, failures: 0, dueAtMs: nowMs };
}

function resultOf(before: ActionRecord, after: ActionRecord): 'done' | 'retried' | 'moved' | 'failed' {
  if (after.state !== 'pending') return after.state;
  return after.regionIndex === before.regionIndex ? 'retried' : 'moved';
}

/**
 * Asks how the pipeline is, and whether a region that fell silent runs it too; silence changes nothing but the time of
 * the next look.
 */
export async function look(ports: RetrainPorts, id: string, { pollSeconds }: RetrainOptions): Promise<void> {
  const claimed = (episode: Episode) => episode;
  await alone(ports, id, claimed, async episode => {
    const { execution } = episode;
    if (execution === undefined) return latest => latest;
    const withoutSecond = await endSecondRuns(ports, episode);
    const { region, arn, status: before } = execution;
    const found = await ports.controlPlane.describeExecution(region, arn).catch(() => undefined);
    const atMs = ports.clock.wallMs();
    const status = found?.status ?? before;
    return latest => {
      const settled = withoutSecond(latest);
      const next = { ...settled, execution: { ...execution, status, dueAtMs: atMs + pollSeconds * 1_000 } };
      if (status === before) return next;
      return noted(next, { atMs, by: 'gateway', what: `pipeline ${status}`, detail: found?.why ?? arn });
    };
  });
}
