import { test } from 'tap';
import { beginning } from '../../../src/rollout/canary/begin.ts';
import { canaryOptions, newCanary, trialModel } from '../../helpers/canary-record.ts';

const model = trialModel();
const begin = (version: string) => ({ id: 'x', version, by: 'alice', reason: '', atMs: 1_000_000, changes: {} });

test('a version that has calls by its weight is no canary: a rollback would leave it those', t => {
  const weighted = {
    ...model,
    versions: model.versions.map(each => (each.name === 'v2' ? { ...each, weight: 10 } : each)),
  };
  t.throws(() => beginning(weighted, canaryOptions(), undefined, begin('v2')), {
    code: 'conflict',
    message: /weight of 10/,
  });
  t.match(beginning(model, canaryOptions(), undefined, begin('v2')), { canary: 'v2', stable: 'v1' });
  t.end();
});

test('the version that was in charge before a promotion may be tried again, weight and all', t => {
  const promoted = { ...newCanary(), state: 'promoted' as const };
  t.match(beginning(model, canaryOptions(), promoted, begin('v1')), { canary: 'v1', stable: 'v2' });
  t.end();
});
