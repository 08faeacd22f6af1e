import { test } from 'tap';
import { withRegistered } from '../../src/config/registered.ts';
import { edited, resolvedText } from '../helpers/config-texts.ts';

const taking = 'newVersions: { packageGroup: rain, endpoint: "rain-r{number}" }';

test('a registered version is like the first one, on its own endpoint, with weight 0', async t => {
  const base = resolvedText(edited('versions:', `${taking}\n    versions:`));
  const [first] = base.models.get('rain')?.versions ?? [];
  const next = withRegistered(base, [{ model: 'rain', version: 'r3', endpoint: 'rain-r3' }]);
  const made = next.models.get('rain')?.versions.find(({ name }) => name === 'r3');
  t.equal(made?.weight, 0);
  t.ok(made?.targets.every(({ endpoint, version }) => endpoint === 'rain-r3' && version === 'r3'));
  t.strictSame(
    made?.targets.map(({ region, kind, maxConcurrency }) => [region, kind, maxConcurrency]),
    first?.targets.map(({ region, kind, maxConcurrency }) => [region, kind, maxConcurrency]),
  );
  t.not(next.hash, base.hash);
  t.strictSame(
    base.targets.filter(target => !next.targets.some(({ id }) => id === target.id)),
    [],
    'every other target is the same',
  );
});

test('the file outranks what was registered, and a model that takes no new versions has none', async t => {
  const base = resolvedText(edited('versions:', `${taking}\n    versions:`));
  const [first] = base.models.get('rain')?.versions ?? [];
  t.equal(withRegistered(base, [{ model: 'rain', version: first?.name ?? '', endpoint: 'other' }]), base);
  t.equal(withRegistered(base, []), base);
  const closed = resolvedText(edited('versions:', 'versions:'));
  t.strictSame(withRegistered(closed, [{ model: 'rain', version: 'r3', endpoint: 'rain-r3' }]).targets, closed.targets);
});
