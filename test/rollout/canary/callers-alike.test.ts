import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { Model } from '../../../src/core/model.ts';
import { addCounts } from '../../../src/rollout/canary/counts.ts';
import { failureRuns } from '../../../src/rollout/canary/failure-runs.ts';
import { simulateSessionTable } from '../../../src/rollout/canary/table.ts';
import { calls, newCanary, show } from '../../helpers/canary-record.ts';
import { canaryCalled, canaryReplicas, ofSession } from '../../helpers/canary-replicas.ts';

const region = 'us-east-1';

test('sessions that fail wholly end no good canary, and a worse one is still caught', t => {
  const runs = { harmless: 25, harmful: 5 };
  const docs = readFileSync(new URL('../../../docs/canary.md', import.meta.url), 'utf8');
  for (const { what, worse, runs: of, outcome } of simulateSessionTable(runs)) {
    const row = docs.match(new RegExp(`^\\| ${what} \\| ([\\d.]+) % \\| ([\\d.]+) % \\|`, 'm'));
    const [, rolledBack, held] = (row ?? []).map(Number);
    t.ok(rolledBack !== undefined && held !== undefined, `${what}: is in the docs`);
    if (worse) t.ok(outcome.rolledBack >= of - 1 && (rolledBack ?? 0) >= 95, `${what}: ${outcome.rolledBack} of ${of}`);
    else t.ok(outcome.ended <= 1 && (rolledBack ?? 9) + (held ?? 9) < 1, `${what}: ${outcome.ended} of ${of}`);
  }
  t.end();
});

/** Sixty sessions call again and again; tells what becomes of a canary when some of them fail. */
async function after(fails: (session: number, side: 'canary' | 'stable') => boolean) {
  const replicas = canaryReplicas({ steps: [50, 100], minSample: 1_000_000, lookEveryMs: 1_000, warmUpCalls: 0 });
  const canaries = replicas.add();
  await canaries.start('rain', 'v2', 'alice');
  const model: Model = replicas.model;
  for (let round = 0; round < 40; round += 1) {
    for (let session = 0; session < 60; session += 1) {
      const request = ofSession(canaryCalled(), `caller ${session}`, `${round}-${session}`);
      const { arm } = canaries.split(model, request, model.versions);
      const side = arm?.side ?? 'stable';
      canaries.hear({ ...canaryCalled(fails(session, side) ? 'backend-fault' : 'ok', side), request, arm });
    }
    await replicas.pass(1_000);
  }
  canaries.stop();
  const record = canaries.record('rain');
  return { state: record?.state, reason: record?.reason, errors: record?.evidence.regions[region]?.canary.errors };
}

test('one session whose calls all fail does not condemn the version it sticks to', async t => {
  let bad: number | undefined;
  const { state, reason, errors } = await after((session, side) => {
    if (side === 'canary') bad ??= session;
    return session === bad;
  });
  t.equal(errors, 40, 'they are counted');
  t.equal(state, 'stepping', reason ?? '');
});

test('a version that fails half of its sessions is condemned', async t => {
  const { state, reason } = await after((session, side) => side === 'canary' && session % 2 === 0);
  t.equal(state, 'rolled-back', reason ?? '');
});

test('in a run of failures each caller counts once, and who is not known each time', t => {
  const runs = failureRuns();
  const fail = (key?: string, rescued = false) => runs.note({ side: 'canary', region, caller: { key }, rescued }, true);
  for (let call = 0; call < 30; call += 1) fail('broken');
  t.match(runs.all(), [{ region, length: 1 }]);
  fail('other');
  fail('broken');
  fail();
  fail();
  t.match(runs.all(), [{ length: 4 }]);
  runs.note({ side: 'canary', region, caller: { key: 'third' } }, false);
  t.same(runs.all(), []);
  fail('broken');
  t.match(runs.all(), [{ length: 1 }], 'a new run');
  for (let call = 0; call < 5; call += 1) fail('broken', true);
  t.match(runs.all(), [{ length: 6 }], 'stable answered the same calls: it is not the caller');
  t.end();
});

test('calls that waited in a record of before callers were told apart are compared', t => {
  const one = newCanary();
  const few = show(one, 5_000, addCounts([calls('canary', region, 2), calls('stable', region, 2)])).record;
  const { canary, stable, sinceMs } = few.evidence.open?.[region] ?? { canary: {}, stable: {}, sinceMs: 0 };
  const old = { canary: { ...canary, callers: undefined }, stable: { ...stable, callers: undefined }, sinceMs };
  const record = { ...few, evidence: { ...few.evidence, open: { [region]: old }, callers: undefined } } as never;
  t.match(show(record, 90_000, {}).record.evidence.stepErrors, { weight: 1 });
  t.end();
});

test('one caller of stable’s whose calls all fail makes no region ill; many do', t => {
  const look = (failing: readonly number[], each: number) => {
    const groups = failing.map(group => ({
      [`c/stable/e/n/${region}/${group}`]: each,
      [`c/stable/e/s/${region}/${group}`]: each,
    }));
    const errors = each * failing.length;
    return addCounts([...groups, calls('stable', region, 100 + errors, errors), calls('canary', region, 50)]);
  };
  const ill = (failing: readonly number[], each: number) =>
    Object.keys(show(newCanary(), 5_000, look(failing, each)).record.degraded);
  t.same(ill([3], 100), []);
  t.same(ill([3, 4, 5, 6, 7], 20), [region]);
  t.end();
});
