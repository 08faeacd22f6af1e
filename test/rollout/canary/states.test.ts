import fc from 'fast-check';
import { test } from 'tap';
import { moved } from '../../../src/rollout/canary/move.ts';
import { type CanaryRecord, shareOf } from '../../../src/rollout/canary/record.ts';
import {
  canaryMoves,
  canaryStates,
  canaryTransitions,
  isRunning,
  stateAfter,
} from '../../../src/rollout/canary/states.ts';
import { newCanary } from '../../helpers/canary-record.ts';

const expected = `
awaiting-approval abort aborted
awaiting-approval approve promoted
awaiting-approval condemn rolled-back
awaiting-approval hold held
awaiting-approval pause paused
awaiting-approval verify stepping
frozen abort aborted
frozen ask awaiting-approval
frozen condemn rolled-back
frozen hold held
frozen pause paused
frozen promote promoted
frozen thaw stepping
frozen verify frozen
held abort aborted
held ask awaiting-approval
held condemn rolled-back
held pause paused
held promote promoted
held reshadow shadowing
held resume stepping
held verify held
paused abort aborted
paused ask awaiting-approval
paused condemn rolled-back
paused hold held
paused promote promoted
paused reshadow shadowing
paused resume stepping
paused verify paused
promoted abort aborted
shadowing abort aborted
shadowing condemn rolled-back
shadowing hold held
shadowing pause paused
shadowing unveil stepping
stepping abort aborted
stepping ask awaiting-approval
stepping condemn rolled-back
stepping freeze frozen
stepping hold held
stepping pause paused
stepping promote promoted
stepping step stepping
stepping verify stepping
`;

test('the whole table of states and moves', t => {
  const table = Object.entries(canaryTransitions).flatMap(([state, moves]) =>
    Object.entries(moves).map(([move, next]) => `${state} ${move} ${next}`),
  );
  t.strictSame(table.sort(), expected.trim().split('\n').sort());
  t.end();
});

test('whatever is done in whatever order, a canary only goes forward, but to be verified, and ends once', t => {
  const plan = { steps: [1, 10, 100], waves: [['us-east-1'], 'rest' as const] };
  const check = () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...canaryMoves), { maxLength: 30 }), moves => {
        let record: CanaryRecord = newCanary(plan);
        for (const [index, move] of moves.entries()) {
          const steps = record.step + 1 < record.plan.steps.length || record.wave + 1 < record.plan.waves.length;
          if (move === 'step' && !steps) continue; // the verdict promotes there
          const next = moved(record, move, { by: 'somebody', reason: 'why not', atMs: 1_000 * index });
          const verifies = move === 'verify' && shareOf(record) === 1;
          if (next === undefined) {
            if (stateAfter(record.state, move) !== undefined && (move !== 'verify' || verifies)) return false;
            continue;
          }
          const ended = !isRunning(record.state) && !(record.state === 'promoted' && next.state === 'aborted');
          const shrinks =
            isRunning(next.state) && (shareOf(next) < shareOf(record) || next.wave < record.wave) && !verifies;
          if (ended || shrinks || next.revision !== record.revision + 1) return false;
          if (next.audit.at(-1)?.act !== move || next.audit.at(-1)?.revision !== next.revision) return false;
          record = next;
        }
        return canaryStates.includes(record.state);
      }),
      { numRuns: 2_000 },
    );
  t.doesNotThrow(check);
  t.end();
});

test('an earlier wave bakes at the first step, then the last climbs them all', t => {
  let record: CanaryRecord | undefined = newCanary({ steps: [1, 10, 100], waves: [['eu-west-1'], 'rest'] });
  const places: string[] = [];
  for (let left = 4; record !== undefined && left > 0; left -= 1) {
    places.push(`${record.plan.waves[record.wave]?.join('+')} ${100 * shareOf(record)} %`);
    record = moved(record, 'step', { by: 'gateway', reason: '', atMs: 0 });
  }
  t.strictSame(places, [
    'eu-west-1 1 %',
    'eu-west-1+us-east-1 1 %',
    'eu-west-1+us-east-1 10 %',
    'eu-west-1+us-east-1 100 %',
  ]);
  t.end();
});

test('time that it was frozen is not time that it baked', t => {
  const frozen = moved(newCanary(), 'freeze', { by: 'gateway', reason: '', atMs: 4_000 });
  const thawed = frozen && moved(frozen, 'thaw', { by: 'gateway', reason: '', atMs: 64_000 });
  t.equal(thawed?.stepSinceMs, 60_000);
  t.end();
});
