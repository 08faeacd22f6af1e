import { systemClock } from '../core/clock.ts';
import type { GatewayEvent } from '../core/events.ts';
import { statusOf } from '../rollout/canary/status.ts';
import { outage } from './outage.ts';
import { accuracyOf, accuracyText } from './season-report.ts';
import type { Stage } from './stage.ts';

/** Something that happens to a model from beginning to end, shown in minutes. */
export interface Scenario {
  /** For people who have never seen it. */
  readonly about: string;
  /** How it must end. */
  readonly outcome: string;
  /** Calls a second of its traffic. */
  readonly rate: string;
  /** Resolves to how it ended; undefined when time was over first. */
  play(stage: Stage): Promise<string | undefined>;
}

const drift: Scenario = {
  about: `The season turns. A model of rain in Seattle that was trained on winters serves winter days, then summer days.
Watch: drift is seen, an episode opens, a pipeline trains the model anew on captured calls and what came true, the new
version is shadowed, tried as a canary and promoted. It takes two minutes.`,
  outcome: 'promoted',
  rate: '100',
  play: async stage => {
    await tellSimulator(stage);
    tellWaits(stage);
    stage.tell('season       winter: the days this model was trained on');
    if (!(await stage.holds(() => answersIn(stage, 'winter', 'winter') >= 1_000))) return undefined;
    stage.tell(
      `accuracy     winter days, version winter: ${accuracyText(accuracyOf(stage.report, 'winter', 'winter'))}`,
    );
    stage.turn('summer');
    stage.tell('season       summer');
    const ended = await stage.until(
      event => event.type === 'canary-changed' && ['promoted', 'rolled-back', 'aborted', 'held'].includes(event.to),
    );
    const version = canaryOf(ended);
    if (version === undefined || ended?.type !== 'canary-changed' || ended.to !== 'promoted') return undefined;
    const before = accuracyOf(stage.report, 'summer', 'winter');
    if (!(await stage.holds(() => answersIn(stage, 'summer', version) >= 1_000))) return undefined;
    const after = accuracyOf(stage.report, 'summer', version);
    stage.tell(`accuracy     summer days, version winter: ${accuracyText(before)}; ${version}: ${accuracyText(after)}`);
    return before !== undefined && after !== undefined && after.share > before.share ? 'promoted' : undefined;
  },
};

const badCanary: Scenario = {
  about: `A bad version. v3 of the rain model never fails and is as fast as v2, but its code takes the temperatures for
kelvins. It is started as a canary. Watch: the verdict condemns it on what it predicts, and callers get v2 again.`,
  outcome: 'rolled back',
  rate: '150',
  play: async stage => {
    if (!(await stage.holds(() => answersIn(stage, 'winter', 'v2') >= 500))) return undefined;
    stage.tell(`accuracy     version v2: ${accuracyText(accuracyOf(stage.report, 'winter', 'v2'))}`);
    tellWaits(stage);
    await stage.gateway.app.canaries.start('rain', 'v3', 'scenario', { reason: 'a bad version, on purpose' });
    const ended = await stage.until(
      event => event.type === 'canary-changed' && ['promoted', 'rolled-back', 'aborted'].includes(event.to),
    );
    stage.tell(`accuracy     version v3: ${accuracyText(accuracyOf(stage.report, 'winter', 'v3'))}`);
    return ended?.type === 'canary-changed' && ended.to === 'rolled-back' ? 'rolled back' : undefined;
  },
};

/** Those that `meridian demo --scenario` knows. */
export const scenarios = { outage, drift, 'bad-canary': badCanary } as const satisfies Record<string, Scenario>;

/** Whether one is called so. */
export function isScenario(name: string): name is keyof typeof scenarios {
  return Object.hasOwn(scenarios, name);
}

const waitsEveryMs = 10_000;

function answersIn(stage: Stage, season: string, version: string): number {
  return accuracyOf(stage.report, season, version)?.answers ?? 0;
}

function canaryOf(event: GatewayEvent | undefined): string | undefined {
  return event?.type === 'canary-changed' ? event.canary : undefined;
}

/** What the running canary waits for first, where nothing else would be told for long. */
function tellWaits(stage: Stage): void {
  stage.every(waitsEveryMs, () => {
    const record = stage.gateway.app.canaries.record('rain');
    const [first, ...more] = record === undefined ? [] : statusOf(record, systemClock.wallMs()).waitsFor;
    const rest = more.length === 0 ? '' : `; and for ${more.length} other ${more.length === 1 ? 'thing' : 'things'}`;
    if (first !== undefined) stage.tell(`canary       waits for ${first}${rest}`);
  });
}

/** Subscribes the gateway to the events of the simulated EventBridge. */
async function tellSimulator({ gateway: { urls }, simulatorUrl }: Stage): Promise<void> {
  await fetch(`${simulatorUrl}/subscriptions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      url: `${urls.admin}/hooks/eventbridge`,
      headers: { authorization: 'Bearer demo-eventbridge' },
    }),
  });
}
