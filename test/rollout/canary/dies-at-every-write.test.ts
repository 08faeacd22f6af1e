import { test } from 'tap';
import type { Canaries } from '../../../src/rollout/canary/canaries.ts';
import type { StateStore } from '../../../src/state/state.ts';
import { type CanaryReplicas, canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';
import { memoryReplicas } from '../../helpers/memory-state.ts';
import { mortalState } from '../../helpers/mortal-state.ts';

const guards = { errors: { marginPoints: 50 }, predictions: { action: 'off' } } as never;
const plan = { steps: [20, 50, 100], minSample: 10, bakeMs: 2_000, lookEveryMs: 1_000, warmUpCalls: 0, guards };

/** Callers, well served or not, until the canary is over or its process is dead; shares it ever had are added. */
async function live(
  replicas: CanaryReplicas,
  canaries: Canaries,
  outcome: 'ok' | 'backend-fault',
  shares: number[],
  isDead = () => false,
): Promise<void> {
  for (let second = 0; second < 60 && !isDead(); second += 1) {
    const { state, step = 0 } = canaries.record('rain') ?? {};
    if (state === undefined) await Promise.race([canaries.start('rain', 'v2', 'anna'), replicas.pass(1_000)]);
    if (state === 'stepping') shares.push(plan.steps[step] ?? 0);
    else if (state !== undefined) return;
    for (let call = 0; call < 4; call += 1) canaries.hear(canaryCalled(outcome));
    for (let call = 0; call < 16; call += 1) canaries.hear(canaryCalled('ok', 'stable'));
    await replicas.pass(1_000);
  }
}

/** A canary whose process dies with a write, and another process; undefined when it was over before that. */
async function canary(writes: number, durable: boolean, outcome: 'ok' | 'backend-fault') {
  const next = memoryReplicas();
  const { state, isDead, bury } = mortalState(next(), writes, durable);
  let store: StateStore = state;
  const replicas = canaryReplicas({ ...plan }, { store: () => store });
  const shares: number[] = [];
  const first = replicas.add();
  await live(replicas, first, outcome, shares, isDead);
  const over = !isDead();
  first.stop();
  store = next();
  const second = replicas.add();
  await live(replicas, second, outcome, shares);
  second.stop();
  bury();
  return { over, record: second.record('rain'), shares, purged: replicas.purged.includes('v2') };
}

for (const [outcome, end] of [
  ['ok', 'promoted'],
  ['backend-fault', 'rolled-back'],
] as const) {
  for (const durable of [false, true]) {
    test(`a process that dies ${durable ? 'after' : 'before'} any one of its writes: the canary is ${end} all the same, once`, async t => {
      let writes = 1;
      for (; writes < 100; writes += 1) {
        const { over, record, shares, purged } = await canary(writes, durable, outcome);
        if (over) break;
        t.match(record, { state: end, previous: [] }, `the ${writes}th write`);
        t.strictSame(
          shares,
          shares.toSorted((a, b) => a - b),
          'its share never falls',
        );
        const revisions = record?.audit.map(({ revision }) => revision) ?? [];
        t.strictSame(
          revisions,
          [...new Set(revisions)].toSorted((a, b) => a - b),
          'no revision twice',
        );
        t.equal(purged, end === 'rolled-back', 'its cached answers are gone');
        t.equal(record?.audit.filter(({ act }) => act === 'start').length, 1);
      }
      t.ok(writes > (end === 'promoted' ? 8 : 2), `${writes} writes`);
    });
  }
}
