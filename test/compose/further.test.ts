import fc from 'fast-check';
import { test } from 'tap';
import { isFurther } from '../../src/compose/further.ts';
import { blank } from '../../src/retrain/door.ts';
import type { EpisodeState } from '../../src/retrain/episode.ts';
import { encodeEpisode } from '../../src/retrain/record.ts';
import { moved } from '../../src/rollout/canary/move.ts';
import { type CanaryMove, canaryMoves } from '../../src/rollout/canary/states.ts';
import { newCanary } from '../helpers/canary-record.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const canary = (one: object, other: object) => isFurther('canary/rain', JSON.stringify(one), JSON.stringify(other));

test('whatever moves are made, a canary after them is further than before, and never the other way round', async () => {
  const climbing = fc.constantFrom<CanaryMove>('unveil', 'step', 'step', 'step', 'verify');
  const moves = fc.array(fc.oneof(climbing, fc.constantFrom(...canaryMoves)), { maxLength: 20 });
  fc.assert(
    fc.property(moves, all => {
      let record = newCanary({ steps: [1, 10, 100] });
      for (const move of all) {
        const next = moved(record, move, { by: 'x', reason: '', atMs: 0 });
        if (next === undefined || (next.plan.steps[next.step] === undefined && next.step >= 0)) continue;
        if (!canary(next, record) || canary(record, next) || canary(record, record)) return false;
        record = next;
      }
      return true;
    }),
  );
});

test('a share that others have come to is further than many looks at a smaller one; a canary that followed than both', async t => {
  const first = newCanary({ steps: [1, 10, 100] });
  const stepped = moved(first, 'step', { by: 'x', reason: '', atMs: 0 });
  if (stepped === undefined) throw new Error('it can be stepped');
  t.ok(canary(stepped, { ...first, revision: 1_000 }));
  const whole = { ...first, step: 2 };
  const again = moved(whole, 'verify', { by: 'x', reason: '', atMs: 0 });
  if (again === undefined) throw new Error('it can be compared again');
  t.ok(canary(again, { ...whole, revision: 1_000 }), 'whoever still has it at 100 % does not know');
  t.notOk(canary(whole, again));
  const following = { ...first, id: 'v3-1', startedAtMs: -600_000, previous: [first.id] };
  t.ok(canary(following, { ...stepped, revision: 1_000 }), 'by whichever clock it began');
  t.notOk(canary(stepped, following));
  t.notOk(canary({ ...first, id: 'another' }, first), 'of two that know nothing of each other the later one holds');
});

test('an episode that is under way is further than one that waits; nothing else is compared', async t => {
  const first = blank({ clock: manualClock(), baseline: () => undefined, stable: () => 'v1' }, 'rain', 'all');
  const episode = (state: EpisodeState) => encodeEpisode({ ...first, state, id: '0123456789ab', number: 1 });
  const further = (one: string, other: string) => isFurther('episode/rain/all/00000001', one, other);
  t.ok(further(episode('retraining'), episode('confirmed')));
  t.ok(further(episode('failed'), episode('recovering')));
  t.notOk(further(episode('confirmed'), episode('suspected')), 'evidence comes and goes');
  t.notOk(further('nonsense', episode('suspected')));
  t.notOk(isFurther('drain/eu', '2', '1'));
  t.notOk(canary({ format: 1 }, {}));
});
