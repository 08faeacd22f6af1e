import type { Evidence } from './evidence.ts';

/** States of an episode. */
export const episodeStates = [
  /** Something drifted that warns but does not suffice. */
  'suspected',
  /** Enough drifted; waits for whatever holds it. */
  'confirmed',
  /** A person must agree. */
  'awaiting-approval',
  /** What would be done is written down, and nothing is done. */
  'rehearsed',
  /** Actions are under way, then the training is followed. */
  'retraining',
  /** There is a new version, or soon will be; its canary has not begun. */
  'retrained',
  'canarying',
  /** The new version is promoted; its windows must show that it helped. */
  'recovering',
  /** Ends: the new version fits, drift went by itself, it came to nothing, a person put it away. */
  'recovered',
  'cleared',
  'failed',
  'dismissed',
] as const;
/** One of them. */
export type EpisodeState = (typeof episodeStates)[number];

/** What may happen to an episode. */
export type EpisodeEvent =
  /** The evidence suffices. */
  | 'corroborated'
  /** It does not any more, but some is left. */
  | 'weakened'
  /** None is left. */
  | 'cleared'
  | 'approval-needed'
  | 'approved'
  | 'rehearsed'
  | 'started'
  /** Training succeeded, or its version was told. */
  | 'produced'
  | 'canary-began'
  | 'promoted'
  | 'rolled-back'
  /** Nothing could be started, training failed, or it took too long. */
  | 'failed'
  /** The new version drifts as the old one did. */
  | 'persisted'
  | 'dismissed';

const transitions: Readonly<Record<EpisodeState, Partial<Record<EpisodeEvent, EpisodeState>>>> = {
  suspected: { corroborated: 'confirmed', cleared: 'cleared', dismissed: 'dismissed' },
  confirmed: {
    weakened: 'suspected',
    cleared: 'cleared',
    'approval-needed': 'awaiting-approval',
    rehearsed: 'rehearsed',
    started: 'retraining',
    dismissed: 'dismissed',
  },
  'awaiting-approval': { approved: 'confirmed', weakened: 'suspected', cleared: 'cleared', dismissed: 'dismissed' },
  rehearsed: { cleared: 'cleared', dismissed: 'dismissed' },
  retraining: {
    produced: 'retrained',
    'canary-began': 'canarying', // registered and begun before this replica looked
    promoted: 'recovering',
    'rolled-back': 'failed',
    failed: 'failed',
    dismissed: 'dismissed',
  },
  retrained: {
    'canary-began': 'canarying',
    promoted: 'recovering',
    'rolled-back': 'failed',
    failed: 'failed',
    dismissed: 'dismissed',
  },
  canarying: { promoted: 'recovering', 'rolled-back': 'failed', failed: 'failed' },
  recovering: { cleared: 'recovered', persisted: 'failed', dismissed: 'dismissed' },
  recovered: {},
  cleared: {},
  failed: {},
  dismissed: {},
};

/** The state after `event`; undefined when it means nothing in this state, as repeats and late news do. */
export function nextState(state: EpisodeState, event: EpisodeEvent): EpisodeState | undefined {
  return transitions[state][event];
}

/** Whether nothing will change any more. */
export function isOver(state: EpisodeState): boolean {
  return Object.keys(transitions[state]).length === 0;
}

/**
 * How far it has come: a greater number never becomes a smaller one. Before actions are under way evidence comes and
 * goes, and all is 0.
 */
export function progressOf(state: EpisodeState): number {
  if (isOver(state)) return episodeStates.length;
  return Math.max(0, episodeStates.indexOf(state) - episodeStates.indexOf('rehearsed'));
}

/** One thing that happened, for people. */
export interface TimelineEntry {
  /** Wall-clock ms. */
  readonly atMs: number;
  /** An operator, a hook's token, or `gateway`. */
  readonly by: string;
  /** State it led to, or what was done. */
  readonly what: string;
  readonly detail: string;
}

/** One action of the config as it was when retraining began. */
export interface ActionRecord {
  readonly kind: 'pipeline' | 'event' | 'webhook';
  /** Pipeline, bus or URL. */
  readonly to: string;
  readonly state: 'pending' | 'done' | 'failed';
  /** Index among the regions it may go to. */
  readonly regionIndex: number;
  /** Tries in this region that failed. */
  readonly failures: number;
  /** Wall-clock ms; not before. */
  readonly dueAtMs: number;
  /** Where it may have been carried out although no answer came: regions, or the URL of a webhook. */
  readonly unsure?: readonly string[];
  /** Of a pipeline, filled in; of others, where data is. Made once, so that every try and replica sends the same. */
  readonly parameters: Readonly<Record<string, string>>;
  /** ARN of the run, id of the event. */
  readonly link?: string;
  /** Where it was done. */
  readonly region?: string;
}

/** A run that is followed. */
export interface Execution {
  readonly region: string;
  readonly arn: string;
  readonly status: string;
  /** Wall-clock ms of the next look. */
  readonly dueAtMs: number;
}

/** One confirmed or suspected drift of a model, from detection to recovery. Immutable; times are wall-clock ms. */
export interface Episode {
  readonly id: string;
  readonly model: string;
  /** `all`, or a residency class. */
  readonly scope: string;
  /** Counts the model's episodes of this scope, from 1: the next one begins when this one is over. */
  readonly number: number;
  readonly state: EpisodeState;
  /** What windows were compared with when it began. */
  readonly baseline: string;
  /** That was in charge when it began; undefined when whoever opened it did not know. */
  readonly version: string | undefined;
  readonly openedBy: string;
  readonly openedAtMs: number;
  readonly changedAtMs: number;
  readonly closedAtMs?: number;
  /** Opened by a person: needs no evidence and does not end for lack of it. */
  readonly forced: boolean;
  readonly evidence: readonly Evidence[];
  /** Why it does not go on; evidence from before `untilMs` is not believed. */
  readonly held?: { readonly why: string; readonly untilMs: number };
  readonly approvedBy?: string;
  readonly actions: readonly ActionRecord[];
  readonly execution?: Execution;
  /** What training brought. */
  readonly result?: { readonly version?: string; readonly packageArn?: string };
  readonly canary?: { readonly id: string; readonly version: string };
  /** The canary's end, and why. */
  readonly verdict?: { readonly outcome: string; readonly reason: string };
  /** Measures from ground truth by name: of the old version when it was last judged, and of the new one. */
  readonly quality: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
  /** Which replica works on it; others leave it alone until then. */
  readonly lease?: { readonly replica: string; readonly untilMs: number };
  readonly timeline: readonly TimelineEntry[];
}
