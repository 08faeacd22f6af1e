import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { ordered } from '../../src/routing/policies/ordered.ts';
import { weighted } from '../../src/routing/policies/weighted.ts';
import { candidateOf, modelOf, requestOf, targetOf } from '../helpers/routing-fixtures.ts';

const model = modelOf([]);
const weighing = (...weights: number[]) =>
  weights.map((weight, index) => candidateOf(targetOf({ name: `w${weight}`, id: `t${index}`, weight })));

test('weighted: first and second places are drawn in proportion', t => {
  const policy = weighted(seededRandom(3));
  const calls = 20_000;
  const counts = new Map<string, number>();
  for (let call = 0; call < calls; call += 1) {
    const names = policy.order(weighing(5, 3, 2), model, requestOf()).map(candidate => candidate.target.name);
    for (const key of [`1st ${names[0]}`, `${names[0]} then ${names[1]}`])
      counts.set(key, (counts.get(key) ?? 0) + 1 / calls);
  }
  const close = (key: string, share: number) => t.ok(Math.abs((counts.get(key) ?? 0) - share) < 0.015, key);
  close('1st w5', 0.5);
  close('1st w3', 0.3);
  close('1st w2', 0.2);
  close('w5 then w3', 0.5 * 0.6);
  close('w2 then w5', 0.2 * 0.625);
  t.end();
});

test('weighted: those of weight 0 come last, in the config’s order', t => {
  const policy = weighted(seededRandom(3));
  for (let call = 0; call < 50; call += 1) {
    const ids = policy.order(weighing(0, 0, 4), model, requestOf()).map(candidate => candidate.target.id);
    t.strictSame(ids, ['t2', 't0', 't1']);
  }
  t.end();
});

test('ordered: as written', t => {
  const given = weighing(1, 9, 4);
  t.strictSame(ordered().order(given, model, requestOf()), given);
  t.end();
});
