import type { Test } from 'tap';
import { test } from 'tap';
import { createErasures, type Erased } from '../../src/drift/erasure.ts';
import type { StateStore } from '../../src/state/state.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';

const clock = manualClock();

function replica(t: Test, name: string, state: StateStore, replicas: number, fails = () => false) {
  const removed: [Erased, boolean][] = [];
  const warnings: string[] = [];
  const erasures = createErasures({
    clock,
    state,
    replica: name,
    remove: async (what, first) => {
      if (fails()) throw new Error('disk');
      removed.push([what, first]);
      return { captured: 2, feedback: 1, cached: first ? 3 : 0 };
    },
    replicas: () => replicas,
    warn: message => warnings.push(message),
  });
  t.teardown(() => erasures.stop());
  return { erasures, removed, warnings };
}

const settle = () => new Promise(resolve => setImmediate(resolve));

/** Moves time on until the work is done. */
async function passing<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  while (!over) {
    await settle();
    clock.advance(100);
  }
  return done;
}

test('every replica removes what it holds, and the sums are told', async t => {
  const states = memoryReplicas();
  const [a, b, c] = ['a', 'b', 'c'].map(name => replica(t, name, states(), 3));
  const report = await passing(a?.erasures.erase({ tenant: 'acme' }) as Promise<unknown>);
  t.strictSame(report, { captured: 6, feedback: 3, cached: 3, replicas: { answered: 3, expected: 3 } });
  t.strictSame(a?.removed, [[{ tenant: 'acme' }, true]]);
  for (const other of [b, c]) t.strictSame(other?.removed, [[{ tenant: 'acme' }, false]], 'once');
});

test('one that is away is missed, and does its part when it is back, once', async t => {
  const states = memoryReplicas();
  const a = replica(t, 'a', states(), 2);
  const report = await passing(a.erasures.erase({ inferenceId: 'day-1' }));
  t.match(report, { replicas: { answered: 1, expected: 2 } });
  const back = replica(t, 'b', states(), 2);
  await settle();
  t.strictSame(back.removed, [[{ inferenceId: 'day-1' }, false]]);
  back.erasures.stop();
  const again = replica(t, 'b', states(), 2);
  await settle();
  t.strictSame(again.removed, []);
});

test('what fails is told, and tried again', async t => {
  const states = memoryReplicas();
  const a = replica(t, 'a', states(), 2);
  let broken = true;
  const b = replica(t, 'b', states(), 2, () => broken);
  await passing(a.erasures.erase({ tenant: 'acme' }));
  t.equal(b.warnings.length, 1);
  broken = false;
  clock.advance(60_000);
  await settle();
  t.equal(b.removed.length, 1);
  const alone = replica(t, 'c', memoryReplicas()(), 1, () => true);
  await t.rejects(alone.erasures.erase({ tenant: 'acme' }), /disk/, 'here it must work');
});
