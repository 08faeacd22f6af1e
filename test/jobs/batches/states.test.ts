import fc from 'fast-check';
import { test } from 'tap';
import {
  attemptCostUsd,
  type BatchAttempt,
  type BatchEvent,
  type BatchState,
  batchCostUsd,
  isBatchOver,
  nextBatchState,
} from '../../../src/jobs/batches/batch.ts';

const states = ['queued', 'running', 'stopping', 'completed', 'failed', 'cancelled'] as const satisfies BatchState[];
const events = [
  'created',
  'produced',
  'refused',
  'lost',
  'exhausted',
  'withdrawn',
  'stopped',
] as const satisfies BatchEvent[];

test('the transition table', async t => {
  const table = states.map(state => [state, events.map(event => nextBatchState(state, event) ?? '-').join(' ')]);
  t.same(Object.fromEntries(table), {
    queued: 'running - failed - failed cancelled -',
    running: '- completed failed queued failed stopping cancelled',
    stopping: 'stopping completed cancelled cancelled cancelled - cancelled',
    completed: '- - - - - - -',
    failed: '- - - - - - -',
    cancelled: '- - - - - - -',
  });
});

test('what is over stays as it is, and what nobody wants any more is never tried again', async t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), history => {
      let state: BatchState = 'queued';
      let over: BatchState | undefined;
      let isUnwanted = false;
      for (const event of history) {
        const next = nextBatchState(state, event);
        if (event === 'withdrawn' && next !== undefined) isUnwanted = true;
        state = next ?? state;
        if (isBatchOver(state)) over ??= state;
        if (isUnwanted && (state === 'queued' || state === 'running')) return false;
      }
      return over === undefined || state === over;
    }),
  );
  t.pass();
});

test('a batch costs its instances from start to end, all attempts together, and an unknown price makes it unknown', async t => {
  const hour = 3_600_000;
  const attempt: BatchAttempt = { region: 'a', jobName: 'j', askedAtMs: 0, stage: 'over' };
  t.equal(attemptCostUsd(attempt, hour), 0, 'what never started is free');
  const ran = { ...attempt, usdPerHour: 2, startedAtMs: 0, endedAtMs: hour / 2 };
  t.equal(attemptCostUsd(ran, 9 * hour), 1);
  const runs = { ...attempt, usdPerHour: 2, startedAtMs: hour };
  t.equal(attemptCostUsd(runs, 3 * hour), 4, 'what runs costs up to now');
  t.equal(batchCostUsd({ attempts: [attempt, ran, runs] }, 3 * hour), 5);
  const unknown = { ...attempt, startedAtMs: 0, endedAtMs: hour };
  t.equal(batchCostUsd({ attempts: [ran, unknown] }, 3 * hour), undefined);
});
