import type { GatewayEvent } from '../core/events.ts';
import type { Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

const home = 'us-east-1';

/** One of the ways in which the region was ill. Times are those of https://aws.amazon.com/message/101925. */
interface Phase {
  /** When it began that day, UTC. */
  readonly at: string;
  readonly what: string;
  readonly forMs: number;
  readonly faults: readonly Readonly<Record<string, string | number>>[];
}

const phases: readonly Phase[] = [
  {
    at: '06:48',
    what: 'DynamoDB’s name resolves to nothing: no new connections, STS fails, open connections live on',
    forMs: 15_000,
    faults: [{ kind: 'dns-fail', errorType: 'NODATA' }, { kind: 'new-connections' }, { kind: 'sts-error' }],
  },
  {
    at: '09:25',
    what: 'no instance can be started: what runs is overloaded, slow and throttles',
    forMs: 12_000,
    faults: [{ kind: 'no-cold-starts' }, { kind: 'slow', factor: 3 }, { kind: 'throttle', rate: 0.4 }],
  },
  {
    at: '12:30',
    what: 'health checks of the load balancers flap: the region comes and goes',
    forMs: 16_000,
    faults: [
      { kind: 'flap', periodMs: 4_000 },
      { kind: 'slow', factor: 3 },
    ],
  },
  { at: '18:23', what: 'throttles are let go step by step', forMs: 8_000, faults: [{ kind: 'throttle', rate: 0.1 }] },
];
const calmMs = 5_000;
/** The region is back when it answers this share of what is called within a look. */
const backShare = 0.9;
const lookMs = 3_000;

/** 20 October 2025 in a minute: 14½ hours in which one region failed in three ways. */
export const outage: Scenario = {
  about: `20 October 2025: us-east-1 was ill for 14½ hours, in three ways, here in a minute. The callers' home is us-east-1; no
cache, no substitute: every call has to be answered by a model. Watch: what callers feel, and where their answers come from.`,
  outcome: 'served throughout',
  rate: '60',
  play: async stage => {
    let calls = new Calls();
    stage.hear(event => calls.hear(event));
    const tell = (): Calls => {
      const told = calls;
      stage.tell(`callers      ${told.text()}`);
      calls = new Calls();
      return told;
    };
    stage.tell(`calm         everything is served at home, ${home}`);
    if (!(await stage.lasts(calmMs))) return undefined;
    let lost = tell().lost;
    for (const { at, what, forMs, faults } of phases) {
      stage.tell(`${at} UTC    ${what}`);
      await inflict(stage, faults);
      if (!(await stage.lasts(forMs))) return undefined;
      lost += tell().lost;
    }
    stage.tell('21:20 UTC    over');
    await inflict(stage, []);
    for (let back = false; !back; ) {
      if (!(await stage.lasts(lookMs))) return undefined;
      const look = tell();
      lost += look.lost;
      back = look.shareOf(home) >= backShare;
    }
    return lost === 0 ? 'served throughout' : undefined;
  },
};

/** What became of calls. */
class Calls {
  #answered = 0;
  /** Answered by no model, or not at all. */
  lost = 0;
  #movedOn = 0;
  readonly #durationsMs: number[] = [];
  readonly #byRegion = new Map<string, number>();

  hear(event: GatewayEvent): void {
    if (event.type !== 'request-finished' || event.model === undefined) return;
    const { status, served, attempts, durationMs } = event;
    const by = served?.target?.region; // whose model it was; nobody's where there was none
    if (status !== 200 || by === undefined) {
      this.lost += 1;
      return;
    }
    this.#answered += 1;
    if (attempts.length > 1) this.#movedOn += 1;
    this.#durationsMs.push(durationMs);
    this.#byRegion.set(by, (this.#byRegion.get(by) ?? 0) + 1);
  }

  shareOf(region: string): number {
    return (this.#byRegion.get(region) ?? 0) / Math.max(1, this.#answered);
  }

  text(): string {
    const all = this.#answered + this.lost;
    const share = ((100 * this.#answered) / Math.max(1, all)).toFixed(this.lost === 0 ? 0 : 2);
    const times = `p50 ${this.#quantile(0.5)} ms, p99 ${this.#quantile(0.99)} ms`;
    return `${share} % of ${all} answered by a model, ${times}, ${this.#movedOn} at the second try; ${this.#regions()}`;
  }

  #regions(): string {
    const percents = [...this.#byRegion.keys()].map(
      region => [region, Math.round(100 * this.shareOf(region))] as const,
    );
    const shown = percents.filter(([, percent]) => percent > 0).sort(([, a], [, b]) => b - a);
    return shown.map(([region, percent]) => `${region} ${percent} %`).join(', ');
  }

  #quantile(q: number): string {
    const sorted = this.#durationsMs.toSorted((a, b) => a - b);
    return (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(0);
  }
}

/** Puts the region into exactly these faults. */
async function inflict({ simulatorUrl }: Stage, faults: Phase['faults']): Promise<void> {
  const url = `${simulatorUrl}/faults`;
  await fetch(url, { method: 'DELETE' });
  for (const fault of faults) {
    const body = JSON.stringify({ region: home, ...fault });
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!answer.ok) throw new Error(`the simulator refused a fault: ${await answer.text()}`);
  }
}
