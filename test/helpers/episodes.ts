import type { Test } from 'tap';
import Schema from 'typebox/schema';
import { Value } from 'typebox/value';
import type { BusEvent, BusResult, ControlPlane, PipelineExecution } from '../../src/backends/control-plane.ts';
import type { GatewayEvent, RegionState } from '../../src/core/events.ts';
import { openBook } from '../../src/retrain/book.ts';
import { type Episodes, startEpisodes } from '../../src/retrain/episodes.ts';
import { RetrainOptions } from '../../src/retrain/options.ts';
import type { CanaryView, RetrainPorts } from '../../src/retrain/ports.ts';
import { retrainBudget } from '../../src/retrain/retrain-budget.ts';
import type { StateStore } from '../../src/state/state.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { memoryState } from './memory-state.ts';

/** `retrain` of a model with its defaults filled in. */
export function retrainOptions(given: object = {}): RetrainOptions {
  const filled: unknown = Value.Default(RetrainOptions, structuredClone(given));
  if (!Schema.Compile(RetrainOptions).Check(filled)) throw new Error(`no options: ${JSON.stringify(given)}`);
  return filled as RetrainOptions;
}

/** A pipeline of the home region, else of the other. */
export const pipelineAction = {
  kind: 'pipeline',
  pipeline: 'rain-retrain',
  region: 'us-east-1',
  otherRegions: ['us-west-2'],
  parameters: { CaptureUri: '{capture}', Episode: '{episode}' },
};

/** Control planes in memory: what was asked, and a way to answer otherwise. */
export interface FakeControlPlane extends ControlPlane {
  /** `region token` of every call. */
  readonly starts: string[];
  readonly parameters: Readonly<Record<string, string>>[];
  /** Executions by token: a token that is known starts nothing. */
  readonly executions: Map<string, PipelineExecution>;
  readonly events: BusEvent[];
  /** Regions they were put in. */
  readonly buses: string[];
  /** Answers for the next calls instead of the usual ones, the first first; throw there to fail. */
  readonly next: (() => never | BusResult)[];
  /** Regions where runs were looked for, and how the next search fails. */
  readonly searches: string[];
  readonly search: (() => never)[];
}

export function fakeControlPlane(): FakeControlPlane {
  const fake: FakeControlPlane = {
    starts: [],
    parameters: [],
    executions: new Map(),
    events: [],
    buses: [],
    next: [],
    searches: [],
    search: [],
    startPipeline: async (region, { token, pipeline, parameters }) => {
      fake.starts.push(`${region} ${token}`);
      fake.parameters.push(parameters);
      fake.next.shift()?.();
      const arn = `arn:aws:sagemaker:${region}:123456789012:pipeline/${pipeline}/execution/${token.slice(0, 12)}`;
      if (!fake.executions.has(arn)) fake.executions.set(arn, { status: 'Executing', why: undefined });
      return arn;
    },
    describeExecution: async (_, arn) => {
      fake.next.shift()?.();
      return fake.executions.get(arn) ?? { status: 'Failed', why: 'unknown' };
    },
    findExecution: async region => {
      fake.searches.push(region);
      fake.search.shift()?.();
      const [found] = [...fake.executions].filter(([arn]) => arn.includes(`:${region}:`));
      return found && { arn: found[0], status: found[1].status };
    },
    stopExecution: async (_, arn) => {
      fake.executions.set(arn, { status: 'Stopping', why: undefined });
    },
    approvedPackages: async () => [],
    describeEndpoint: async () => {
      throw new Error('no endpoint is described here');
    },
    putEvents: async (region, events) =>
      events.map(event => {
        fake.events.push(event);
        fake.buses.push(region);
        return fake.next.shift()?.() ?? { ok: true, id: `event-${fake.events.length}` };
      }),
  };
  return fake;
}

/** Episodes of a model `rain`, over fakes. */
export interface Fixture {
  readonly episodes: Episodes;
  readonly clock: ManualClock;
  readonly control: FakeControlPlane;
  readonly emitted: GatewayEvent[];
  readonly warnings: string[];
  /** Of `rain`; changed as a reload would. */
  options: RetrainOptions;
  canary: CanaryView | undefined;
  readonly regions: Map<string, RegionState>;
  /** Where captured calls are, by the config in force. */
  captured: string;
  /** Versions that no calls go to any more. */
  replaced: readonly string[];
  /** Scopes and features that a reload took away. */
  unjudged: readonly string[];
  /** Classes the model is served in. */
  residencies: readonly string[];
  /** The episode under way, or the last one. */
  newest(): ReturnType<Episodes['list']>[number];
  /** A window of `v1`, or of another version. */
  window(monitor: string, level: string, more?: object): void;
  /** Runs timers for so long, in steps, and what they began. */
  pass(ms: number): Promise<void>;
  /** Posted by whoever is told by webhook. */
  readonly posted: { url: string; headers: Readonly<Record<string, string>>; body: string }[];
}

export interface FixtureOptions {
  readonly state?: StateStore;
  readonly clock?: ManualClock;
  readonly control?: FakeControlPlane;
  readonly replica?: string;
}

export function startFixture(t: Test, given: object = {}, rest: FixtureOptions = {}): Fixture {
  const clock = rest.clock ?? manualClock();
  const state = rest.state ?? memoryState();
  const control = rest.control ?? fakeControlPlane();
  const emitted: GatewayEvent[] = [];
  const warnings: string[] = [];
  const posted: Fixture['posted'] = [];
  const book = openBook(state);
  const ports: RetrainPorts = {
    clock,
    emit: event => void emitted.push(event),
    controlPlane: control,
    poster: {
      post: async (url, headers, body) => {
        posted.push({ url, headers, body });
        return !url.includes('deaf');
      },
      visit: async () => true,
      read: async () => undefined,
      stop: async () => {},
    },
    book,
    budget: retrainBudget(
      state,
      () => clock.wallMs(),
      id => book.get(id)?.state,
    ),
    state,
    replica: rest.replica ?? 'one',
    models: () => [['rain', fixture.options]],
    options: model => (model === 'rain' ? fixture.options : undefined),
    stable: () => 'v1',
    carries: (_, version) => !fixture.replaced.includes(version),
    baseline: () => 'winters',
    references: (_, scope) => ({
      capture: scope === 'all' ? fixture.captured : `s3://captured-${scope}/rain/`,
      feedback: 's3://truths/rain/',
    }),
    judges: (_, scope, { feature }) => !fixture.unjudged.includes(scope) && !fixture.unjudged.includes(feature ?? ''),
    regionsOf: () => ['us-east-1', 'us-west-2'],
    residenciesOf: () => fixture.residencies,
    regionState: region => fixture.regions.get(region) ?? 'serving',
    canary: () => fixture.canary,
    warn: message => void warnings.push(message),
  };
  const fixture: Fixture = {
    options: retrainOptions(given),
    canary: undefined,
    regions: new Map(),
    captured: 's3://captured/rain/',
    replaced: [],
    unjudged: [],
    residencies: ['us', 'eu'],
    episodes: undefined as never,
    clock,
    control,
    emitted,
    warnings,
    posted,
    newest: () => {
      const [first] = fixture.episodes.list();
      if (first === undefined) throw new Error('there is no episode');
      return first;
    },
    window: (monitor, level, more = {}) =>
      fixture.episodes.hear({
        type: 'drift-judged',
        model: 'rain',
        version: 'v1',
        monitor: monitor as 'features',
        feature: undefined,
        statistic: 'psi',
        value: level === 'drifted' ? 0.3 : 0.05,
        level: level as 'drifted',
        sample: 1_000,
        windowEndsAt: clock.wallMs(),
        ...more,
      }),
    pass: async ms => {
      for (let passed = 0; passed < ms; passed += 500) {
        clock.advance(500);
        for (let turn = 0; turn < 12; turn += 1) await new Promise(resolve => setImmediate(resolve));
      }
    },
  };
  const episodes = startEpisodes(ports);
  Object.assign(fixture, { episodes });
  t.teardown(() => episodes.stop());
  return fixture;
}

/** So many windows of these monitors, a minute apart. */
export async function windows(
  fixture: Fixture,
  count: number,
  levels: Readonly<Record<string, string>>,
  more: object = {},
): Promise<void> {
  for (let window = 0; window < count; window += 1) {
    fixture.clock.advance(60_000);
    for (const [monitor, level] of Object.entries(levels)) fixture.window(monitor, level, more);
    await fixture.pass(500);
  }
  await fixture.pass(3_000); // a step each
}
