import fc from 'fast-check';
import { test } from 'tap';
import type { BreakerState, GatewayEvent } from '../../src/core/events.ts';
import { type Outcome, outcomes } from '../../src/core/outcome.ts';
import type { Target } from '../../src/core/target.ts';
import { nextState } from '../../src/health/breaker.ts';
import type { Permit, PermitReason } from '../../src/health/health.ts';
import { type Fixture, healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const slots = 3;
const targets = ['us-east-1', 'us-west-2'].flatMap(region =>
  ['rain', 'snow'].map(model => targetIn(region, { model, maxConcurrency: slots })),
);
const rules = {
  consecutiveFailures: 2,
  minimumRequests: 6,
  baseEjectionMs: 1_000,
  maxEjectionMs: 4_000,
  slowStartMs: 2_000,
  trialExpiryMs: 5_000,
  probeIntervalMs: 500,
};
const longestEjectionMs = 4_000 * 1.2;

type Step =
  | { do: 'acquire'; on: number; reason: PermitReason }
  | { do: 'settle'; which: number; outcome: Outcome }
  | { do: 'release'; which: number }
  | { do: 'advance'; ms: number }
  | { do: 'drain' | 'undrain'; on: number };

const on = fc.nat({ max: targets.length - 1 });
const outcome = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Outcome>('ok', 'backend-fault', 'timeout') },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>(...outcomes) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      on,
      reason: fc.constantFrom<PermitReason>('call', 'call', 'trial', 'fail-open', 'probe'),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(), outcome }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 100, 700, 1_500, 6_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'undrain' as const), on }) },
);

interface Held {
  readonly permit: Permit;
  readonly target: Target;
  readonly reason: PermitReason;
  readonly at: number;
  /** Ejections and returns of the target before this call began. */
  readonly epoch: number;
  /** Whether it is the one call that may try an ill target. */
  readonly tries: boolean;
}

/** Plays steps against health and says, in words, which promise was broken. */
class World {
  readonly fixture: Fixture;
  held: Held[] = [];
  #states = new Map<Target, BreakerState>();
  #epochs = new Map<Target, number>();
  #seen = 0;

  constructor(fixture: Fixture) {
    this.fixture = fixture;
  }

  play(now: Step): void {
    const { health, clock, store } = this.fixture;
    if (now.do === 'advance') this.#advance(now.ms);
    else if (now.do === 'acquire') this.#acquire(targets[now.on] as Target, now.reason);
    else if (now.do === 'settle' || now.do === 'release') this.#end(now);
    else {
      const { model, name } = targets[now.on] as Target;
      store.writeElsewhere(`drain/target/${model}/${name}`, now.do === 'drain' ? '{}' : undefined);
    }
    this.#readEvents();
    for (const target of targets) this.#check(target);
    insist(clock.now() > 0 && health.describeAll().length === targets.length, 'no target was lost');
  }

  #acquire(target: Target, reason: PermitReason): void {
    const { health, clock } = this.fixture;
    const before = health.describe(target);
    const mayOpen = reason === 'fail-open' ? health.mayFailOpen(target) : true;
    const permit = health.acquire(target, reason);
    const { availability, breaker } = before;
    if (!availability.usable) {
      if (availability.why === 'drained') insist(!(mayOpen && reason === 'fail-open'), 'drained is never opened');
      if (['drained', 'throttled', 'full'].includes(availability.why)) insist(permit === undefined, availability.why);
    }
    if (reason === 'call') {
      const ordinary = availability.usable && !availability.trial;
      insist((permit !== undefined) === ordinary, `a call goes exactly where ${JSON.stringify(availability)} says`);
    }
    if (permit === undefined) return;
    const ill = breaker !== 'closed' || (availability.usable && availability.trial);
    const tries = ill && (reason === 'trial' || reason === 'probe');
    const fresh = (held: Held) => held.tries && held.target === target && held.epoch === this.#epoch(target);
    const unexpired = (held: Held) => clock.now() - held.at < rules.trialExpiryMs;
    if (tries) insist(!this.held.some(held => fresh(held) && unexpired(held)), 'one trial at a time');
    this.held.push({ permit, target, reason, at: clock.now(), epoch: this.#epoch(target), tries });
  }

  #end(now: { do: 'settle'; which: number; outcome: Outcome } | { do: 'release'; which: number }): void {
    const { health } = this.fixture;
    const held = this.held[now.which % Math.max(1, this.held.length)];
    if (held === undefined) return;
    this.held = this.held.filter(other => other !== held);
    const before = health.describe(held.target);
    const result = now.do === 'settle' ? now.outcome : 'cancelled';
    if (now.do === 'settle') held.permit.settle(resultOf(result));
    else held.permit.release();
    held.permit.settle(resultOf('timeout'));
    held.permit.release();
    const after = health.describe(held.target);
    const { breaker, ejections, ejectedForMs } = before;
    const unmoved = after.breaker === breaker && after.ejections === ejections && after.ejectedForMs === ejectedForMs;
    if (held.epoch !== this.#epoch(held.target)) insist(unmoved, 'a result of an older epoch is ignored');
    if (['cancelled', 'caller-fault', 'throttled', 'cold'].includes(result)) insist(unmoved, `${result} is neutral`);
    if (held.reason === 'fail-open' && result !== 'ok') insist(unmoved, 'fail-open never lengthens an ejection');
    if (after.breaker === 'closed' && breaker !== 'closed') insist(result === 'ok', 'only a good answer closes');
  }

  #advance(ms: number): void {
    const { health, clock } = this.fixture;
    const before = targets.map(target => health.share(target));
    clock.advance(ms);
    targets.forEach((target, index) => {
      insist(health.share(target) >= (before[index] ?? 0), 'time alone never takes share away');
    });
  }

  #readEvents(): void {
    const { events } = this.fixture;
    for (const event of events.slice(this.#seen)) this.#follow(event);
    this.#seen = events.length;
  }

  #follow(event: GatewayEvent): void {
    if (event.type === 'target-ejected') insist(event.forMs <= longestEjectionMs, 'the cap holds');
    if (event.type !== 'breaker-changed') return;
    insist(event.from === (this.#states.get(event.target) ?? 'closed'), 'events tell every move');
    const moves = (['eject', 'ejection-over', 'recovered'] as const).map(move => nextState(event.from, move));
    insist(moves.includes(event.to), `${event.from} to ${event.to} is in the table`);
    this.#states.set(event.target, event.to);
    if (event.to !== 'half-open') this.#epochs.set(event.target, this.#epoch(event.target) + 1);
  }

  #check(target: Target): void {
    const { health, store } = this.fixture;
    const { inFlight, ejectedForMs, share, breaker, availability } = health.describe(target);
    insist(inFlight === this.held.filter(held => held.target === target).length, 'slots are counted');
    insist(inFlight >= 0 && inFlight <= slots, 'in flight stays within the limit');
    insist(ejectedForMs >= 0 && ejectedForMs <= longestEjectionMs, 'no ejection outlasts the cap');
    insist(ejectedForMs > 0 === (breaker === 'open'), 'only an open breaker waits');
    insist(share > 0 && share <= 1, 'share is a share');
    insist(breaker === (this.#states.get(target) ?? 'closed'), 'no silent move');
    const isDrained = store.get(`drain/target/${target.model}/${target.name}`) !== undefined;
    insist(isDrained === (!availability.usable && availability.why === 'drained'), 'drained first of all');
    if (availability.usable && !availability.trial) insist(breaker === 'closed', 'only a closed breaker serves');
  }

  #epoch(target: Target): number {
    return this.#epochs.get(target) ?? 0;
  }
}

function insist(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`broken: ${promise}`);
}

test('no history of calls, results, time and drains breaks a promise', async t => {
  const visited = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), fc.integer(), (history, seed) => {
      const stops: (() => void)[] = [];
      const fixture = healthFixture({ teardown: run => stops.push(run) }, { targets, options: rules, seed });
      const world = new World(fixture);
      try {
        for (const next of history) {
          world.play(next);
          for (const event of fixture.events) {
            if (event.type === 'breaker-changed' || event.type === 'region-changed')
              visited.add(`${event.from} ${event.to}`);
          }
        }
      } finally {
        for (const stop of stops) stop();
      }
      return fixture.clock.timers === 0;
    }),
    { seed: 2025, numRuns: 400 },
  );
  for (const move of ['closed open', 'open half-open', 'half-open open', 'half-open closed', 'open closed']) {
    t.ok(visited.has(move), `the histories do pass ${move}`);
  }
  t.ok(visited.has('serving evacuated') && visited.has('evacuated serving'));
});
