import { test } from 'tap';
import { missingVersions } from '../../../src/rollout/canary/missing.ts';
import { newCanary, trialModel } from '../../helpers/canary-record.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

test('a canary whose version is gone for a while can be told, one that is over is not asked', t => {
  const clock = manualClock();
  const missing = missingVersions(clock);
  const model = trialModel();
  const without = { ...model, versions: model.versions.filter(({ name }) => name !== 'v2') };
  const record = newCanary();
  t.notOk(missing(without, record), 'not at once');
  clock.advance(29_000);
  t.notOk(missing(model, record), 'it is back');
  clock.advance(29_000);
  t.notOk(missing(without, record), 'so the time counts anew');
  clock.advance(30_000);
  t.ok(missing(without, record));
  t.notOk(missing(without, { ...record, state: 'held' }));
  t.notOk(missing(without, { ...record, state: 'rolled-back' }));
  t.end();
});
