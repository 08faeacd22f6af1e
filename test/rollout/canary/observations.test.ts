import { test } from 'tap';
import type { VersionOutcome } from '../../../src/core/events.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import type { Attempt } from '../../../src/core/result.ts';
import { type ObserverPorts, observe, type VersionCalled } from '../../../src/rollout/canary/observer.ts';
import { requestOf, targetOf } from '../../helpers/routing-fixtures.ts';

const region = 'eu-west-1';

function attempt(version: string, outcome: Outcome, where = region, durationMs = 50): Attempt {
  const target = targetOf({ version, region: where });
  return { target, reason: 'first', result: { outcome, sent: true, durationMs } };
}

function call(
  side: 'canary' | 'stable',
  attempts: readonly Attempt[],
  outcome: VersionOutcome = 'ok',
  streaming = false,
): VersionCalled {
  return {
    type: 'version-called',
    model: 'rain',
    version: side === 'canary' ? 'v2' : 'v1',
    outcome,
    arm: { canary: 'v2', side, share: 0.2 },
    request: { ...requestOf(), streaming } as VersionCalled['request'],
    attempts,
    answer: undefined,
  };
}

function observer(ports: Partial<ObserverPorts> = {}) {
  return observe({
    canary: 'v2',
    isWarmingUp: () => false,
    well: () => true,
    notTriedIn: () => undefined,
    costUsd: () => undefined,
    prediction: () => undefined,
    ...ports,
  });
}

test('an attempt’s outcome says whether it counts, and as what', t => {
  const kinds: readonly (readonly [Outcome, readonly string[]])[] = [
    ['ok', [`l/canary/${region}`, `n/canary/${region}`]],
    ['caller-fault', [`f/canary/${region}`, `n/canary/${region}`]],
    ['backend-fault', [`e/canary/${region}`, `n/canary/${region}`]],
    ['timeout', [`e/canary/${region}`, `n/canary/${region}`]],
    ['unreachable', [`e/canary/${region}`, `n/canary/${region}`]],
    ['misconfigured', [`m/canary/${region}`]],
    ['throttled', []],
    ['cold', []],
    ['cancelled', []],
  ];
  for (const [outcome, keys] of kinds) {
    const mine = observer();
    mine.called(call('canary', [attempt('v2', outcome)]));
    t.strictSame(
      Object.keys(mine.counts)
        .map(key => key.replace(/\/\d+$/, ''))
        .sort(),
      keys,
      outcome,
    );
  }
  t.end();
});

test('a canary’s failure counts against it although stable answered', t => {
  const mine = observer();
  mine.called(call('canary', [attempt('v2', 'backend-fault'), attempt('v1', 'ok')], 'moved'));
  t.same(mine.counts, { [`n/canary/${region}`]: 1, [`e/canary/${region}`]: 1 });
  t.end();
});

test('a canary that could not be tried failed, unless that is nobody’s fault', t => {
  const call1 = call('canary', [attempt('v1', 'ok')], 'moved');
  const blamed = observer({ notTriedIn: () => region });
  blamed.called(call1);
  t.same(blamed.counts, { [`n/canary/${region}`]: 1, [`e/canary/${region}`]: 1 });
  const excused = observer();
  excused.called(call1);
  t.same(excused.counts, {});
  t.end();
});

test('calls outside the experiment, or of another canary, are not counted', t => {
  const mine = observer();
  mine.called({ ...call('stable', [attempt('v1', 'ok')]), arm: undefined });
  mine.called({ ...call('stable', [attempt('v1', 'ok')]), arm: { canary: 'v3', side: 'stable', share: 0.2 } });
  t.same(mine.counts, {});
  t.end();
});

test('calls of a target that warms up are left out, but not of the guard of runs', t => {
  let left = 2;
  const mine = observer({ isWarmingUp: () => left-- > 0 });
  for (let n = 0; n < 3; n += 1) mine.called(call('canary', [attempt('v2', 'backend-fault')], 'failed'));
  t.equal(mine.counts[`n/canary/${region}`], 1);
  t.match(mine.runs(), [{ region, length: 3 }]);
  mine.called(call('canary', [attempt('v2', 'ok')]));
  t.strictSame(mine.runs(), [], 'an answer ends it');
  t.end();
});

test('a caller’s failures count once in a run, but for calls that stable answered after all', t => {
  const caller = { key: 'session 1', again: false };
  const mine = observer();
  for (let n = 0; n < 5; n += 1) mine.called(call('canary', [attempt('v2', 'timeout')], 'failed'), caller);
  t.match(mine.runs(), [{ length: 1 }]);
  const rescued = [attempt('v2', 'timeout'), attempt('v1', 'ok')];
  for (let n = 0; n < 5; n += 1) mine.called(call('canary', rescued, 'moved'), caller);
  t.match(mine.runs(), [{ length: 6 }]);
  t.end();
});

test('what callers have in common is counted by group, of those who come again alone', t => {
  const mine = observer({ costUsd: () => 3, prediction: () => 'rain' });
  const of = (group: number | undefined) => {
    const plain = call('canary', [attempt('v2', 'ok')]);
    mine.called({ ...plain, arm: { canary: 'v2', side: 'canary', share: 0.2, ...(group !== undefined && { group }) } });
  };
  of(undefined);
  t.notOk(Object.keys(mine.counts).some(key => key.startsWith('c/')));
  of(7);
  mine.called({
    ...call('canary', [attempt('v2', 'timeout')]),
    arm: { canary: 'v2', side: 'canary', share: 0.2, group: 7 },
  });
  t.match(mine.counts, {
    [`c/canary/e/n/${region}/7`]: 2,
    [`c/canary/e/s/${region}/7`]: 1,
    [`c/canary/$/n/${region}/7`]: 1,
    [`c/canary/$/s/${region}/7`]: 3,
    [`c/canary/$/x/${region}/7`]: 6,
    [`c/canary/p/n/${region}/7`]: 1,
  });
  t.end();
});

test('what stable does after the last failure of a run says nothing of the time before', t => {
  const mine = observer();
  const fails = () => mine.called(call('canary', [attempt('v2', 'timeout')], 'failed'));
  const stable = (outcome: Outcome) => mine.called(call('stable', [attempt('v1', outcome)]));
  stable('ok');
  fails();
  stable('timeout');
  stable('ok');
  fails();
  for (let n = 0; n < 10; n += 1) stable('ok');
  t.strictSame(mine.runs(), [{ region, length: 2, stableOk: 1, stableBad: 1 }]);
  t.end();
});

test('runs in a region that is not well are its own', t => {
  const mine = observer({ well: name => name !== region });
  mine.called(call('canary', [attempt('v2', 'timeout')], 'failed'));
  mine.called(call('canary', [attempt('v2', 'timeout', 'us-east-1')], 'failed'));
  t.strictSame(
    mine.runs().map(run => run.region),
    ['us-east-1'],
  );
  mine.forgetRuns(['us-east-1']);
  t.strictSame(mine.runs(), []);
  t.end();
});

test('a stream is judged at its end', t => {
  const mine = observer();
  mine.called(call('canary', [attempt('v2', 'ok')], 'failed', true));
  mine.called(call('canary', [attempt('v2', 'ok')], 'cancelled', true));
  t.same(mine.counts, { [`n/canary/${region}`]: 1, [`e/canary/${region}`]: 1 });
  t.end();
});

test('costs, predictions and truth are counted per side', t => {
  const mine = observer({ costUsd: () => 0.5, prediction: ({ arm }) => (arm?.side === 'canary' ? 'rain' : 0.25) });
  mine.called(call('canary', [attempt('v2', 'ok')]));
  mine.called(call('stable', [attempt('v1', 'ok')]));
  mine.truth(2, { arm: { canary: 'v2', side: 'canary', share: 0.05 }, region });
  t.match(mine.counts, {
    [`$/canary/n/${region}/0.2`]: 1,
    [`$/canary/s/${region}/0.2`]: 0.5,
    [`$/canary/ss/${region}/0.2`]: 0.25,
    [`$/stable/n/${region}/0.2`]: 1,
    ...{ 'p/canary/=rain': 1, 'p/stable/+-16': 1 },
    [`q/canary/n/${region}/0.05`]: 1,
    [`q/canary/ss/${region}/0.05`]: 4,
  });
  t.end();
});

test('answers of free text are counted under so many names, and no more', t => {
  const texts = Array.from({ length: 600 }, (_, at) => `answer ${at}`);
  const mine = observer({ prediction: () => texts.pop() });
  for (let times = 0; times < 600; times += 1) mine.called(call('stable', [attempt('v1', 'ok')]));
  const counted = Object.entries(mine.counts).filter(([key]) => key.startsWith('p/'));
  t.equal(counted.length, 401);
  t.equal(
    counted.reduce((sum, [, count]) => sum + count, 0),
    600,
  );
  t.end();
});

test('an answer that waited for a cold start counts, and says nothing of the latency', t => {
  const mine = observer();
  mine.called(call('canary', [{ ...attempt('v2', 'ok', region, 4_000), setUpMs: 3_900 }]));
  t.same(mine.counts, { [`n/canary/${region}`]: 1 });
  t.end();
});

test('a job that was taken is judged by its end', t => {
  const mine = observer();
  const { target } = attempt('v2', 'ok');
  mine.jobEnded('canary', target, 'answered', 900);
  mine.jobEnded('canary', target, 'refused', 900);
  mine.jobEnded('canary', target, 'failed', 900);
  t.match(mine.counts, { [`n/canary/${region}`]: 3, [`e/canary/${region}`]: 1, [`f/canary/${region}`]: 1 });
  t.match(mine.runs(), [{ region, length: 1 }]);
  t.end();
});
