import { test } from 'tap';
import type { Model } from '../../src/core/model.ts';
import { balanced } from '../../src/routing/policies/balanced.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { type Asking, candidateOf, modelOf, requestOf, targetOf } from '../helpers/routing-fixtures.ts';

const east = targetOf({ name: 'east', region: 'us-east-1' });
const west = targetOf({ name: 'west', region: 'us-west-2' });

type Seen = readonly [latencyMs: number, costUsd: number | undefined];

function bench(some: Partial<Model> = {}) {
  const clock = manualClock();
  const policy = balanced(clock, new Map());
  const model = modelOf([], some);
  const first = (seen: { east?: Seen; west?: Seen }, asking: Asking = {}) => {
    const candidates = [east, west].flatMap(target => {
      const numbers = target === east ? seen.east : seen.west;
      if (numbers === undefined) return [];
      return [candidateOf(target, { costUsd: numbers[1], estimate: { latencyMs: numbers[0] } })];
    });
    return policy.order(candidates, model, requestOf(asking))[0]?.target.name;
  };
  return { clock, first };
}

test('costWeight 0 looks at latency alone, 1 at cost alone', t => {
  const seen = { east: [20, 1e-5], west: [120, 1e-8] } as const;
  t.equal(bench({ costWeight: 0 }).first(seen), 'east');
  t.equal(bench({ costWeight: 1 }).first(seen), 'west');
  t.end();
});

test('in between, what counts is how much of the objective the latency uses up', t => {
  const seen = { east: [20, 1e-5], west: [60, 1e-8] } as const;
  t.equal(bench({ costWeight: 0.3 }).first(seen), 'west', 'both well within 150 ms: money decides');
  t.equal(bench({ costWeight: 0.3, slo: { latencyMs: 50, availability: 0.999 } }).first(seen), 'east');
  t.end();
});

test('an unknown price is never the cheapest', t => {
  t.equal(bench({ costWeight: 1 }).first({ east: [20, undefined], west: [120, 1e-6] }), 'west');
  t.end();
});

test('two alike do not take turns', t => {
  const { clock, first } = bench({ costWeight: 0 });
  t.equal(first({ east: [100, 1e-8], west: [101, 1e-8] }), 'east');
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1_000);
    t.equal(first({ east: [100, 1e-8], west: [92 + (second % 8), 1e-8] }), 'east');
  }
  t.end();
});

test('one that is 12 % better takes over, but only after 10 s of it', t => {
  const { clock, first } = bench({ costWeight: 0 });
  first({ east: [100, 1e-8], west: [101, 1e-8] });
  t.equal(first({ east: [100, 1e-8], west: [80, 1e-8] }), 'east');
  clock.advance(9_000);
  t.equal(first({ east: [100, 1e-8], west: [80, 1e-8] }), 'east');
  t.equal(first({ east: [100, 1e-8], west: [95, 1e-8] }), 'east', 'a moment without it starts the count again');
  clock.advance(9_000);
  t.equal(first({ east: [100, 1e-8], west: [80, 1e-8] }), 'east');
  clock.advance(10_000);
  t.equal(first({ east: [100, 1e-8], west: [80, 1e-8] }), 'west');
  t.equal(first({ east: [79, 1e-8], west: [80, 1e-8] }), 'west', 'and keeps it in its turn');
  t.end();
});

test('one that stalls is left at once', t => {
  const { first } = bench({ costWeight: 0 });
  first({ east: [50, 1e-8], west: [100, 1e-8] });
  t.equal(first({ east: [2_000, 1e-8], west: [100, 1e-8] }), 'west');
  t.end();
});

test('one that is full for a moment keeps its place; one gone for 10 s loses it', t => {
  const { clock, first } = bench({ costWeight: 0 });
  first({ east: [100, 1e-8], west: [101, 1e-8] });
  t.equal(first({ west: [95, 1e-8] }), 'west');
  t.equal(first({ east: [100, 1e-8], west: [95, 1e-8] }), 'east', 'back a moment later');
  first({ west: [95, 1e-8] });
  clock.advance(10_000);
  first({ west: [95, 1e-8] });
  t.equal(first({ east: [94, 1e-8], west: [95, 1e-8] }), 'west');
  t.end();
});

test('callers bound to a region do not move the others', t => {
  const { clock, first } = bench({ costWeight: 0 });
  first({ east: [100, 1e-8], west: [101, 1e-8] });
  const pinned = { hints: { region: { pin: 'us-west-2' } } };
  for (let call = 0; call < 5; call += 1) {
    t.equal(first({ west: [101, 1e-8] }, pinned), 'west');
    clock.advance(20_000);
  }
  t.equal(first({ east: [100, 1e-8], west: [95, 1e-8] }), 'east');
  t.end();
});
