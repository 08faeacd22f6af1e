import fc from 'fast-check';
import { test } from 'tap';
import {
  type EpisodeEvent,
  type EpisodeState,
  episodeStates,
  isOver,
  nextState,
  progressOf,
} from '../../src/retrain/episode.ts';

const events = [
  'corroborated',
  'weakened',
  'cleared',
  'approval-needed',
  'approved',
  'rehearsed',
  'started',
  'produced',
  'canary-began',
  'promoted',
  'rolled-back',
  'failed',
  'persisted',
  'dismissed',
] as const satisfies readonly EpisodeEvent[];

test('what has come further never comes back', async t => {
  for (const state of episodeStates) {
    for (const event of events) {
      const next = nextState(state, event);
      if (next !== undefined) t.ok(progressOf(next) >= progressOf(state), `${state} → ${next}`);
    }
  }
});

test('the transition table', async t => {
  const table = episodeStates.map(state => [
    state,
    events.flatMap(event => {
      const next = nextState(state, event);
      return next === undefined ? [] : [`${event}: ${next}`];
    }),
  ]);
  t.same(Object.fromEntries(table), {
    suspected: ['corroborated: confirmed', 'cleared: cleared', 'dismissed: dismissed'],
    confirmed: [
      'weakened: suspected',
      'cleared: cleared',
      'approval-needed: awaiting-approval',
      'rehearsed: rehearsed',
      'started: retraining',
      'dismissed: dismissed',
    ],
    'awaiting-approval': ['weakened: suspected', 'cleared: cleared', 'approved: confirmed', 'dismissed: dismissed'],
    rehearsed: ['cleared: cleared', 'dismissed: dismissed'],
    retraining: [
      'produced: retrained',
      'canary-began: canarying',
      'promoted: recovering',
      'rolled-back: failed',
      'failed: failed',
      'dismissed: dismissed',
    ],
    retrained: [
      'canary-began: canarying',
      'promoted: recovering',
      'rolled-back: failed',
      'failed: failed',
      'dismissed: dismissed',
    ],
    canarying: ['promoted: recovering', 'rolled-back: failed', 'failed: failed'],
    recovering: ['cleared: recovered', 'persisted: failed', 'dismissed: dismissed'],
    recovered: [],
    cleared: [],
    failed: [],
    dismissed: [],
  });
});

test('whatever happens, retraining starts once at most, and what is over stays as it is', async t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), history => {
      let state: EpisodeState = 'suspected';
      let starts = 0;
      let over: EpisodeState | undefined;
      for (const event of history) {
        const next = nextState(state, event);
        if (next === undefined) continue;
        if (over !== undefined) return false;
        if (next === 'retraining') starts += 1;
        state = next;
        if (isOver(state)) over = state;
      }
      return starts <= 1;
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('from every state that is not over a person or time leads to an end', async t => {
  for (const state of episodeStates) {
    if (isOver(state)) continue;
    const reached = new Set<EpisodeState>([state]);
    for (const from of reached)
      for (const event of events) {
        const next = nextState(from, event);
        if (next !== undefined) reached.add(next);
      }
    t.ok([...reached].some(isOver), state);
  }
});
