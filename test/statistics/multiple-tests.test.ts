import fc from 'fast-check';
import { test } from 'tap';
import { benjaminiHochberg, bonferroni, holm } from '../../src/statistics/multiple-tests.ts';
import { agree } from '../helpers/agree.ts';

test('adjusted p-values agree with the reference', async t => {
  const values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
  const wanted = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714285714, 0.216, 0.216, 0.216];
  agree(
    t,
    benjaminiHochberg(values).map((p, at) => [`BH ${at}`, p, wanted[at] ?? 0] as const),
  );
  agree(
    t,
    holm([0.01, 0.04, 0.03, 0.005]).map((p, at) => [`Holm ${at}`, p, [0.03, 0.06, 0.06, 0.02][at] ?? 0] as const),
  );
  t.same(bonferroni([0.25, 0.5]), [0.5, 1]);
  t.same([bonferroni([]), holm([]), benjaminiHochberg([])], [[], [], []]);
});

test('adjusting keeps the order, never goes below p, and is weakest in Bonferroni', async () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), values => {
      const [bh, step, plain] = [benjaminiHochberg(values), holm(values), bonferroni(values)];
      return values.every((p, i) => {
        const [b, h, f] = [bh[i] ?? -1, step[i] ?? -1, plain[i] ?? -1];
        const ordered = values.every((q, j) => p > q || (b <= (bh[j] ?? 0) && h <= (step[j] ?? 0)));
        return p <= b * (1 + 1e-12) && b <= h * (1 + 1e-12) && h <= f && f <= 1 && ordered;
      });
    }),
  );
});
