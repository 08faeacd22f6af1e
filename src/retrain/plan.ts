import { nothingStarted } from './actions.ts';
import type { EpisodePatch } from './change.ts';
import type { Episode, EpisodeEvent } from './episode.ts';
import { confirms, drifting, type Evidence } from './evidence.ts';
import type { RetrainOptions } from './options.ts';
import type { CanaryView } from './ports.ts';

/** What is known when an episode is looked at. */
export interface Facts {
  /** Wall-clock ms. */
  readonly nowMs: number;
  readonly options: RetrainOptions;
  /** Why windows are not to be believed now: a region is out, a canary runs. */
  readonly suppressed: string | undefined;
  /** Why there may be no retraining now. */
  readonly refused: string | undefined;
  readonly canary: CanaryView | undefined;
}

/** What is to be done about an episode now. */
export type Plan =
  | { readonly to: 'wait' }
  /** Write down why it does not go on. */
  | { readonly to: 'hold'; readonly why: string; readonly untilMs: number }
  | { readonly to: 'change'; readonly event: EpisodeEvent; readonly detail: string; readonly patch?: EpisodePatch }
  /** Claim a retraining and begin it. */
  | { readonly to: 'start' }
  /** Carry an action out; by its index. */
  | { readonly to: 'act'; readonly index: number }
  /** Ask how the pipeline is. */
  | { readonly to: 'look' };

const wait: Plan = { to: 'wait' };
const hourMs = 3_600_000;

/** What comes next for an episode. Pure: the driver does it. */
export function planFor(episode: Episode, facts: Facts): Plan {
  switch (episode.state) {
    case 'suspected':
      return suspected(episode, facts);
    case 'confirmed':
      return confirmed(episode, facts);
    case 'awaiting-approval':
      return gone(episode) ? cleared : (weakened(episode, facts) ?? wait);
    case 'rehearsed':
      return gone(episode) ? cleared : wait;
    case 'retraining':
      return byCanary(episode, facts) ?? retraining(episode, facts);
    case 'retrained':
    case 'canarying':
      return byCanary(episode, facts) ?? forgotten(episode, facts) ?? late(episode, facts) ?? wait;
    case 'recovering':
      return recovering(episode, facts);
    default:
      return wait;
  }
}

const cleared: Plan = { to: 'change', event: 'cleared', detail: 'nothing is above its marks any more' };

/** Whether nothing speaks for the episode any more. */
function gone({ forced, evidence }: Episode): boolean {
  return !forced && drifting(evidence).size === 0;
}

function weakened({ forced, evidence }: Episode, { options }: Facts): Plan | undefined {
  if (forced || confirms(evidence, options)) return undefined;
  return { to: 'change', event: 'weakened', detail: 'what is left does not suffice' };
}

function suspected(episode: Episode, facts: Facts): Plan {
  const { evidence, held } = episode;
  if (gone(episode)) return cleared;
  if (!confirms(evidence, facts.options)) return wait;
  if (facts.suppressed !== undefined) return suppress(episode, facts, facts.suppressed);
  if (!confirms(evidence, facts.options, held?.untilMs)) return wait;
  return { to: 'change', event: 'corroborated', detail: `${[...drifting(evidence)].join(' and ')} drifted` };
}

function confirmed(episode: Episode, facts: Facts): Plan {
  const { options, suppressed, refused } = facts;
  if (gone(episode)) return cleared;
  if (!episode.forced) {
    const less = weakened(episode, facts);
    if (less !== undefined) return less;
    if (suppressed !== undefined) return suppress(episode, facts, suppressed);
    if (!confirms(episode.evidence, options, episode.held?.untilMs)) return wait;
  }
  if (options.actions.length === 0) return hold(episode, 'no retrain.actions are configured');
  if (refused !== undefined) return hold(episode, refused);
  if (options.approval && episode.approvedBy === undefined)
    return { to: 'change', event: 'approval-needed', detail: 'meridian episodes approve goes on with it' };
  return { to: 'start' };
}

function hold({ held }: Episode, why: string): Plan {
  return held?.why === why ? wait : { to: 'hold', why, untilMs: held?.untilMs ?? 0 };
}

/** Evidence from now until a while after is not believed; written down anew only as it comes near. */
function suppress({ held }: Episode, { nowMs, options }: Facts, why: string): Plan {
  const settleMs = options.settleMinutes * 60_000;
  const fresh = held?.why === why && held.untilMs >= nowMs + settleMs / 2;
  return fresh && settleMs > 0 ? wait : { to: 'hold', why, untilMs: nowMs + settleMs };
}

function unstartedText(actions: Episode['actions']): string {
  if (nothingStarted(actions)) return 'no training could be started: it is not counted';
  const maybe = [...new Set(actions.flatMap(({ unsure = [] }) => unsure))];
  return `no training could be started${maybe.length === 0 ? '' : `, unless it was in silence: ${maybe.join(', ')}`}`;
}

function retraining(episode: Episode, facts: Facts): Plan {
  const { actions, execution, result } = episode;
  const index = actions.findIndex(({ state, dueAtMs }) => state === 'pending' && dueAtMs <= facts.nowMs);
  if (index >= 0) return { to: 'act', index };
  if (actions.some(({ state }) => state === 'pending')) return wait;
  // A pipeline trains; where there is none, whoever was told does.
  const training = actions.filter(({ kind }) => kind === 'pipeline');
  if ((training.length > 0 ? training : actions).every(({ state }) => state === 'failed'))
    return { to: 'change', event: 'failed', detail: unstartedText(actions) };
  if (result !== undefined) return { to: 'change', event: 'produced', detail: 'a new version was told' };
  if (execution?.status === 'Succeeded') return { to: 'change', event: 'produced', detail: 'the pipeline succeeded' };
  if (execution?.status === 'Failed' || execution?.status === 'Stopped')
    return { to: 'change', event: 'failed', detail: `the pipeline ended as ${execution.status}` };
  return late(episode, facts) ?? (execution !== undefined && execution.dueAtMs <= facts.nowMs ? { to: 'look' } : wait);
}

/** A canary takes the time it takes; everything before it must come in time. */
function late({ state, changedAtMs }: Episode, { nowMs, options }: Facts): Plan | undefined {
  if (state === 'canarying' || nowMs < changedAtMs + options.timeoutHours * hourMs) return undefined;
  const awaited = state === 'retrained' ? 'no canary began' : 'no new version was there';
  return { to: 'change', event: 'failed', detail: `${awaited} within ${options.timeoutHours} hours` };
}

/** A canary that was followed by another before its end was seen, as over an outage, would be awaited for ever. */
function forgotten(episode: Episode, { canary }: Facts): Plan | undefined {
  const { state, changedAtMs, canary: own } = episode;
  if (state !== 'canarying' || canary === undefined || isOf(episode, canary)) return undefined;
  if (canary.startedAtMs <= changedAtMs) return undefined; // one from before, of a replica that is behind
  const detail = `canary ${canary.id} of ${canary.version} has begun, and how ${own?.id ?? 'its own'} ended was not seen`;
  return { to: 'change', event: 'failed', detail };
}

/** What the canary of the episode's version says, if there is one. */
function byCanary(episode: Episode, { canary }: Facts): Plan | undefined {
  if (canary === undefined || !isOf(episode, canary)) return undefined;
  const { id, version, state, reason } = canary;
  const patch: EpisodePatch = { canary: { id, version }, result: { ...episode.result, version } };
  const verdict = { outcome: state, reason };
  if (state === 'running') {
    const detail = `version ${version} is on trial (canary ${id})`;
    return episode.state === 'canarying' ? undefined : { to: 'change', event: 'canary-began', detail, patch };
  }
  const ended: EpisodePatch = { ...patch, verdict };
  if (state === 'rolled-back') return { to: 'change', event: 'rolled-back', detail: reason, patch: ended };
  // Windows of the version that is replaced would stand for ever: it gets no calls any more.
  const evidence = episode.evidence
    .filter(({ source, active }) => source === 'evaluator' || active)
    .map(each => (each.source === 'evaluator' ? { ...each, active: false } : each));
  return { to: 'change', event: 'promoted', detail: reason, patch: { ...ended, evidence } };
}

/** Whether a canary is of this episode: by its version, or because whoever began it said so. */
export function isOf({ id, openedAtMs, result }: Episode, { version, by, startedAtMs }: CanaryView): boolean {
  return startedAtMs >= openedAtMs && (version === result?.version || by.includes(id));
}

function recovering(episode: Episode, { nowMs, options }: Facts): Plan {
  const { evidence, changedAtMs, result } = episode;
  const isFresh = ({ source, version }: Evidence) =>
    version === result?.version || (source === 'alertmanager' && version === undefined);
  const fresh = evidence.filter(isFresh);
  const active = [...drifting(fresh)];
  const clear = new Set(fresh.filter(each => !each.active).map(({ monitor }) => monitor));
  // That inputs fit the new baseline proves little, if it was the predictions or their quality that had drifted.
  const wanted = evidence
    .filter(each => !isFresh(each) && options.confirmedBy.includes(each.monitor))
    .map(({ monitor }) => monitor);
  const proven = wanted.length === 0 ? clear.size > 0 : wanted.some(monitor => clear.has(monitor));
  if (active.length === 0 && proven)
    return {
      to: 'change',
      event: 'cleared',
      detail: `${[...clear].join(' and ')} of the new version: below the low marks`,
    };
  if (nowMs < changedAtMs + options.recoveryHours * hourMs) return wait;
  if (active.length > 0) return { to: 'change', event: 'persisted', detail: `${active.join(' and ')} drift on` };
  const found = options.evaluator ? 'too little was judged' : 'no alert told of drift';
  const detail = `${found} within ${options.recoveryHours} hours of the promotion`;
  return { to: 'change', event: 'cleared', detail };
}
