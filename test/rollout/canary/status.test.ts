import { test } from 'tap';
import { moved } from '../../../src/rollout/canary/move.ts';
import { statusOf } from '../../../src/rollout/canary/status.ts';
import { calls, newCanary, show } from '../../helpers/canary-record.ts';

test('what is paused, held, frozen or over bakes no more', t => {
  const canary = newCanary();
  t.equal(statusOf(canary, 5_000).bakedMs, 5_000);
  for (const move of ['pause', 'hold', 'freeze', 'condemn', 'abort', 'promote'] as const) {
    const stopped = moved(canary, move, { by: 'alice', reason: '', atMs: 5_000 });
    t.equal(stopped && statusOf(stopped, 60_000).bakedMs, 5_000, move);
  }
  t.end();
});

test('the hard guard shows what stable did in the step, and beside it what it takes stable for', t => {
  const counts = { ...calls('canary', 'us-east-1', 100, 1), ...calls('stable', 'us-east-1', 1_000, 10) };
  const { record } = show(newCanary(), 5_000, counts);
  const ratio = statusOf(record, 5_000).guards.find(({ guard }) => guard === 'errorRatio');
  t.match(ratio, { canary: 0.01, stable: 0.01, detail: /^this step, stable’s at most \d\.\d+ % against \d+\.\d % *$/ });
  t.end();
});
