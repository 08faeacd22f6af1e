import { test } from 'tap';
import { moved } from '../../../src/rollout/canary/move.ts';
import { statusOf } from '../../../src/rollout/canary/status.ts';
import { newCanary } from '../../helpers/canary-record.ts';

test('what is paused, held, frozen or over bakes no more', t => {
  const canary = newCanary();
  t.equal(statusOf(canary, 5_000).bakedMs, 5_000);
  for (const move of ['pause', 'hold', 'freeze', 'condemn', 'abort', 'promote'] as const) {
    const stopped = moved(canary, move, { by: 'alice', reason: '', atMs: 5_000 });
    t.equal(stopped && statusOf(stopped, 60_000).bakedMs, 5_000, move);
  }
  t.end();
});
