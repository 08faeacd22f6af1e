import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { lowestLatency } from '../../src/routing/policies/lowest-latency.ts';
import { loadedMs } from '../../src/routing/ranking.ts';
import type { Candidate } from '../../src/routing/router.ts';
import { candidateOf, modelOf, requestOf, targetOf } from '../helpers/routing-fixtures.ts';

const model = modelOf([]);
const at = (name: string, latencyMs: number, inFlight = 0, estimate = {}) =>
  candidateOf(targetOf({ name }), { inFlight, estimate: { latencyMs, ...estimate } });

function firsts(candidates: readonly Candidate[], calls = 2_000): Record<string, number> {
  const policy = lowestLatency(seededRandom(7));
  const counts: Record<string, number> = {};
  for (let call = 0; call < calls; call += 1) {
    const name = policy.order(candidates, model, requestOf())[0]?.target.name ?? 'none';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / calls]));
}

const names = (order: readonly Candidate[]) => order.map(candidate => candidate.target.name);

test('the lowest time × (calls in flight + 1) comes first, the rest by the same', t => {
  const order = lowestLatency(seededRandom(1)).order(
    [at('c', 300), at('b', 50, 3), at('a', 20, 2)],
    model,
    requestOf(),
  );
  t.strictSame(names(order), ['a', 'b', 'c']);
  t.end();
});

test('load sends calls on before latency alone would', t => {
  t.strictSame(firsts([at('near', 20, 20), at('far', 200)]), { far: 1 });
  t.end();
});

test('a probably cold target costs its expected set-up', t => {
  const cold = at('cold', 10, 0, { warmth: 0.1, setupMs: 2_000 });
  t.strictSame(firsts([cold, at('warm', 100)]), { warm: 1 });
  t.end();
});

test('regions far apart do not share the traffic: the near one gets it', t => {
  t.strictSame(firsts([at('near', 20), at('mid', 90), at('far', 180), at('farther', 250)]), { near: 1 });
  t.end();
});

test('near-equals are drawn two at a time and the better one leads, so the worst never does', t => {
  const counts = firsts([at('a', 100), at('b', 110), at('c', 120), at('far', 400)]);
  t.strictSame(Object.keys(counts).sort(), ['a', 'b']);
  t.ok(Math.abs((counts['a'] ?? 0) - 2 / 3) < 0.04, `${counts['a']}`);
  t.end();
});

test('the first is always the better of two comparable ones, and the tail stays in order', t => {
  const any = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat(5)), { minLength: 1, maxLength: 6 });
  const check = () =>
    fc.assert(
      fc.property(any, fc.integer(), (all, seed) => {
        const given = all.map(([latencyMs, inFlight], index) => at(`t${index}`, latencyMs, inFlight));
        const [first, ...rest] = lowestLatency(seededRandom(seed)).order(given, model, requestOf());
        if (first === undefined) return false;
        const best = Math.min(...given.map(loadedMs));
        const sorted = rest.every((candidate, index) => {
          const next = rest[index + 1];
          return next === undefined || loadedMs(candidate) <= loadedMs(next);
        });
        return sorted && loadedMs(first) <= best * 1.5;
      }),
    );
  t.doesNotThrow(check);
  t.end();
});
