import { join } from 'node:path';
import { type Test, test } from 'tap';
import type { Canaries } from '../../../src/rollout/canary/canaries.ts';
import { type History, type HistoryLine, historyFiles } from '../../../src/rollout/canary/history.ts';
import type { PlanChanges } from '../../../src/rollout/canary/plan.ts';
import type { CanaryRecord } from '../../../src/rollout/canary/record.ts';
import type { CanaryState } from '../../../src/rollout/canary/states.ts';
import type { CanaryOptions } from '../../../src/rollout/options.ts';
import { fileState } from '../../../src/state/file.ts';
import type { StateStore } from '../../../src/state/state.ts';
import { type CanaryReplicas, canaryCalled, canaryReplicas } from '../../helpers/canary-replicas.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { memoryReplicas } from '../../helpers/memory-state.ts';
import { targetOf } from '../../helpers/routing-fixtures.ts';
import { stateDir } from '../../helpers/state-dir.ts';

const guards = { errors: { marginPoints: 50 }, predictions: { action: 'off' } } as never;
const plan: Partial<CanaryOptions> = {
  ...{ steps: [50, 100], minSample: 20, bakeMs: 5_000, lookEveryMs: 1_000, warmUpCalls: 0, guards },
  holdAfterMs: 86_400_000,
};
const shadowFirst = { share: 1, minSample: 60, bakeMs: 0, maxFailures: 0.05, minAgreement: 0.9 };
const rebuilt = {
  type: 'build-changed',
  target: targetOf({ version: 'v2', region: 'us-east-1' }),
  ...{ detail: 'other images', build: 'b2', deployedAtMs: undefined },
} as const;

/** What a process finds at its start. */
type Open = () => Promise<{ readonly store: StateStore; readonly history: History }>;

/** One process after the other, of one canary. */
interface Run {
  readonly replicas: CanaryReplicas;
  now(): Canaries;
  history(): Promise<readonly HistoryLine[]>;
  /** Ends the process at once and begins the next one; resolves to what the first one knew last. */
  kill(): Promise<CanaryRecord | undefined>;
  /** Calls of both sides, and time, until it holds. */
  until(what: string, holds: () => boolean, outcome?: 'ok' | 'backend-fault'): Promise<void>;
  reaches(state: CanaryState): Promise<void>;
}

interface Case {
  readonly state: CanaryState;
  readonly options?: Partial<CanaryOptions>;
  readonly changes?: PlanChanges;
  /** Brings it about. */
  reach(run: Run): Promise<void>;
  /** What must be known after the restart too, beside its state. */
  readonly known?: object;
  /** Brings it to its end, after the restart. */
  goOn(run: Run): Promise<void>;
  readonly end: CanaryState;
}

const climbs = (run: Run) => run.reaches('promoted');
const callsOf = (run: Run) => run.now().record('rain')?.stepCalls.calls ?? 0;

const cases: Readonly<Record<string, Case>> = {
  'shadowing, half its copies made': {
    ...{ state: 'shadowing', options: { shadowFirst }, end: 'promoted' },
    reach: async run => {
      await run.replicas.pass(1_000);
      run.replicas.mirrored = { made: 30, agreed: 30, failed: 0 };
      await run.until('copies count', () => run.now().record('rain')?.evidence.mirrored?.made === 30);
    },
    goOn: async run => {
      await run.replicas.pass(1_000);
      run.replicas.mirrored = { made: 31, agreed: 31, failed: 0 }; // since the restart
      await run.reaches('promoted');
    },
  },
  'on its first step, with calls': {
    ...{ state: 'stepping', known: { step: 0 }, end: 'promoted' },
    reach: run => run.until('calls count', () => callsOf(run) >= 8),
    goOn: climbs,
  },
  'baking, its sample complete': {
    ...{ state: 'stepping', options: { bakeMs: 60_000 }, known: { step: 0 }, end: 'promoted' },
    reach: run => run.until('the sample is complete', () => callsOf(run) >= 30),
    goOn: climbs,
  },
  'between two steps': {
    ...{ state: 'stepping', known: { step: 1 }, end: 'promoted' },
    reach: run => run.until('the next step', () => run.now().record('rain')?.step === 1),
    goOn: climbs,
  },
  'in its second wave': {
    ...{ state: 'stepping', options: { waves: [['us-east-1'], 'rest'] }, known: { wave: 1, step: 0 }, end: 'promoted' },
    reach: run => run.until('the next wave', () => run.now().record('rain')?.wave === 1),
    goOn: climbs,
  },
  'frozen by a region that is ill': {
    ...{ state: 'frozen', known: { reason: /us-east-1: ill/ }, end: 'promoted' },
    reach: async run => {
      run.replicas.ejected.add('v1@us-east-1');
      await run.reaches('frozen');
    },
    goOn: async run => {
      run.replicas.ejected.clear();
      await run.reaches('promoted');
    },
  },
  'held by another build': {
    ...{ state: 'held', known: { era: 1, reason: /another build/ }, end: 'promoted' },
    reach: async run => {
      run.now().hear(rebuilt);
      await run.reaches('held');
    },
    goOn: async run => {
      await run.now().act('rain', 'resume', 'bob');
      await run.reaches('promoted');
    },
  },
  paused: {
    ...{ state: 'paused', known: { reason: 'lunch' }, end: 'promoted' },
    reach: async run => void (await run.now().act('rain', 'pause', 'anna', 'lunch')),
    goOn: async run => {
      await run.now().act('rain', 'resume', 'bob');
      await run.reaches('promoted');
    },
  },
  'awaiting a second person': {
    ...{ state: 'awaiting-approval', options: { approval: 'second-person' }, end: 'promoted' },
    reach: run => run.reaches('awaiting-approval'),
    goOn: async run => {
      await run.replicas.pass(30_000);
      await run.now().act('rain', 'approve', 'bob');
    },
  },
  promoted: {
    ...{ state: 'promoted', end: 'promoted' },
    reach: climbs,
    goOn: run => run.replicas.pass(30_000),
  },
  'condemned, and rolled back': {
    ...{ state: 'rolled-back', end: 'rolled-back' },
    reach: run => run.until('condemned', () => run.now().record('rain')?.state === 'rolled-back', 'backend-fault'),
    goOn: run => run.replicas.pass(30_000),
  },
  aborted: {
    ...{ state: 'aborted', known: { reason: 'on fire' }, end: 'aborted' },
    reach: async run => void (await run.now().act('rain', 'abort', 'anna', 'on fire')),
    goOn: run => run.replicas.pass(30_000),
  },
  'aborted while the replicas were apart': {
    ...{ state: 'aborted', known: { reason: 'on fire' }, end: 'aborted' },
    reach: async run => {
      run.replicas.apart = true;
      await run.now().act('rain', 'abort', 'anna', 'on fire');
    },
    goOn: async run => {
      run.replicas.apart = false;
      await run.replicas.pass(30_000);
    },
  },
};

async function start(t: Test, options: Partial<CanaryOptions>, open: Open): Promise<Run> {
  let keeps = await open();
  const replicas = canaryReplicas({ ...plan, ...options }, { store: () => keeps.store, history: () => keeps.history });
  let now = replicas.add();
  const until: Run['until'] = async (what, holds, outcome = 'ok') => {
    for (let second = 0; second < 200 && !holds(); second += 1) {
      const record = now.record('rain');
      for (const region of record?.plan.waves[record.wave] ?? ['us-east-1']) {
        for (let call = 0; call < 4; call += 1) now.hear(canaryCalled(outcome, 'canary', region));
        for (let call = 0; call < 16; call += 1) now.hear(canaryCalled('ok', 'stable', region));
      }
      await replicas.pass(1_000);
    }
    if (!holds())
      t.fail(`${what}: ${JSON.stringify({ ...now.record('rain'), audit: undefined, evidence: undefined })}`);
  };
  t.teardown(async () => {
    now.stop();
    await keeps.store.close();
  });
  return {
    replicas,
    until,
    now: () => now,
    history: () => keeps.history.read('rain', 10_000),
    reaches: state => until(state, () => now.record('rain')?.state === state),
    kill: async () => {
      now.stop();
      await keeps.store.close();
      const last = now.record('rain');
      await keeps.history.read('rain', 1); // what is being written
      replicas.mirrored = { made: 0, agreed: 0, failed: 0 };
      keeps = await open();
      now = replicas.add();
      return last;
    },
  };
}

/** A canary that is killed in a state goes on in it, and comes to its end; nothing is done twice, and nothing lost. */
async function survives(
  t: Test,
  { state, options = {}, known = {}, end, reach, goOn }: Case,
  open: Open,
): Promise<void> {
  const run = await start(t, options, open);
  await run.now().start('rain', 'v2', 'anna');
  await reach(run);
  const before = await run.kill();
  t.match(before, { state, ...known });
  t.strictSame(run.now().record('rain'), before, 'everything is known, its evidence too');
  await goOn(run);
  t.match(run.now().record('rain'), { state: end, id: before?.id }, 'the same canary came to its end');
  await run.replicas.pass(5_000);
  await run.kill();
  await run.replicas.pass(1_000);
  const history = await run.history();
  const revisions = history.map(({ revision }) => revision);
  t.strictSame(
    revisions,
    [...new Set(revisions)].toSorted((a, b) => a - b),
    'every revision is told once',
  );
  t.equal(history.at(-1)?.revision, run.now().record('rain')?.revision, 'to the last');
  t.equal(history.filter(({ act }) => act === 'start').length, 1, 'it began once');
  t.equal(history.filter(line => line.state === end && line.act !== 'look').length, 1, 'and ended once');
}

for (const [name, each] of Object.entries(cases)) {
  test(`a gateway that dies when its canary is ${name}`, t => {
    const dir = stateDir(t);
    const warn = (message: string) => t.fail(message);
    return survives(t, each, async () => ({
      store: await fileState({ dir: join(dir, 'state'), clock: manualClock(), warn }),
      history: historyFiles(join(dir, 'canary')),
    }));
  });
  test(`a replica that dies when its canary is ${name}, and another goes on`, t => {
    const next = memoryReplicas();
    return survives(t, each, async () => ({ store: next(), history: historyFiles(stateDir(t)) }));
  });
}
