import { test } from 'tap';
import { withCanary } from '../../src/compose/explained-canary.ts';
import { newCanary } from '../helpers/canary-record.ts';

const version = (name: string, weight: number, share: number) => ({ version: name, weight, share, targets: [] });

test('a version that gets no calls for how its canary ended has no share, whatever its weight', async t => {
  const versions = [version('v1', 100, 0.4), version('v2', 100, 0.4), version('v3', 50, 0.2)];
  const explained = { model: 'rain', versions } as never;
  const record = { ...newCanary(), state: 'rolled-back' as const };
  const { versions: shown, canary } = withCanary(explained, record, 'v1', 'v2');
  t.same(
    shown.map(({ share }) => Math.round(share * 1_000)),
    [667, 0, 333],
  );
  t.match(canary, /^v2 has weight, and gets no calls since its canary ended/);
  t.equal(withCanary(explained, record, 'v1'), explained);
});
