import fc from 'fast-check';
import { test } from 'tap';
import { isOver, type JobEvent, type JobState, nextState } from '../../src/jobs/job.ts';

const states = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const satisfies readonly JobState[];
const events = [
  'accepted',
  'produced',
  'refused',
  'lost',
  'exhausted',
  'withdrawn',
] as const satisfies readonly JobEvent[];

test('the transition table', async t => {
  const table = states.map(state => [state, events.map(event => nextState(state, event) ?? '-').join(' ')]);
  t.same(Object.fromEntries(table), {
    queued: 'running completed failed - failed cancelled',
    running: '- completed failed queued failed cancelled',
    completed: '- - - - - -',
    failed: '- - - - - -',
    cancelled: '- - - - - -',
  });
});

test('what is over stays as it is, whatever comes late', async t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), history => {
      let state: JobState = 'queued';
      let over: JobState | undefined;
      for (const event of history) {
        state = nextState(state, event) ?? state;
        if (isOver(state)) over ??= state;
      }
      return over === undefined || state === over;
    }),
  );
  t.pass();
});
