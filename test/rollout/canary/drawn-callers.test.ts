import { test } from 'tap';
import { countFinished, type Trial } from '../../../src/rollout/canary/trial.ts';

test('a caller is drawn once per step, one that nothing is known of each time', t => {
  const counted: string[] = [];
  const observer = {
    finished: (side: string, share: number) => counted.push(`${side} ${share}`),
  } as unknown as Trial['observer'];
  const trial = { observer, seen: new Set<string>(), seenShare: -1 } as unknown as Trial;
  for (let call = 0; call < 3; call += 1) countFinished(trial, 'canary', 0.1, 'anna');
  countFinished(trial, 'stable', 0.1, 'otto');
  for (let call = 0; call < 2; call += 1) countFinished(trial, 'stable', 0.1, undefined);
  countFinished(trial, 'canary', 0.5, 'anna');
  countFinished(trial, 'stable', 0.1, 'vera'); // late, of the step before
  countFinished(trial, 'canary', 0.5, 'anna');
  t.strictSame(counted, ['canary 0.1', 'stable 0.1', 'stable 0.1', 'stable 0.1', 'canary 0.5']);
  t.end();
});
