import type { Cancel } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { act, look, start } from './act.ts';
import { nothingStarted } from './actions.ts';
import { createBeliefs } from './believed.ts';
import { happen, noted } from './change.ts';
import { type Episode, isOver } from './episode.ts';
import type { RetrainOptions } from './options.ts';
import { type Facts, type Plan, planFor } from './plan.ts';
import type { RetrainPorts } from './ports.ts';
import { notAhead } from './set-back.ts';

const tickMs = 500;
const pruneEveryMs = 3_600_000;
/** A failure that lasts is told this often. */
const warnEveryMs = 60_000;

/** Goes on with every episode that is not over, a step at a time. */
export interface Driver {
  start(): void;
  /** Takes no new step; resolves when those under way are over. */
  stop(): Promise<void>;
}

/** Does nothing until started. */
export function createDriver(ports: RetrainPorts): Driver {
  const { book, clock } = ports;
  const running = new Map<string, Promise<void>>();
  const warnedAt = new Map<string, number>();
  const failed = (id: string, error: unknown) => {
    if (error instanceof GatewayError && error.code === 'replicas-apart') return; // `redis-changed` tells it
    const now = clock.now();
    if (now - (warnedAt.get(id) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return;
    warnedAt.set(id, now);
    ports.warn(`a step of episode ${id} failed, and is tried again: ${String(error)}`);
  };
  const run = (id: string, work: () => Promise<void>) => {
    if (running.has(id)) return;
    const done = Promise.resolve()
      .then(work)
      .catch((error: unknown) => failed(id, error))
      .finally(() => running.delete(id));
    running.set(id, done);
  };
  const beliefs = createBeliefs(ports);
  const next = (episode: Episode, options: RetrainOptions) => {
    const view = beliefs.of(episode);
    if (view === undefined) return;
    const plan = planFor(view, factsOf(ports, episode, options));
    if (plan.to !== 'wait') run(episode.id, () => carryOut(ports, episode, plan, options));
  };
  const tick = () => {
    for (const episode of book.all()) {
      const options = ports.options(episode.model);
      if (options !== undefined && notAhead(episode, clock.wallMs(), options) !== episode)
        run(episode.id, () => setBack(ports, episode.id, options));
      else if (!isOver(episode.state) && options !== undefined) next(episode, options);
    }
    for (const [model] of ports.models())
      if (ports.budget.isAhead(model)) run(`budget ${model}`, () => ports.budget.setBack(model));
  };
  let stops: Cancel[] | undefined;
  return {
    start: () => {
      stops ??= [clock.every(tickMs, tick), clock.every(pruneEveryMs, () => run('prune', () => book.prune()))];
    },
    stop: async () => {
      for (const cancel of stops ?? []) cancel();
      stops = []; // a start that comes late must not work
      await Promise.all(running.values());
    },
  };
}

/** What the plan of an episode depends on, as it is now. */
export function factsOf(ports: RetrainPorts, { id, model }: Episode, options: RetrainOptions): Facts {
  const canary = ports.canary(model);
  return {
    nowMs: ports.clock.wallMs(),
    options,
    suppressed: suppression(ports, model),
    refused: ports.budget.refusal(model, id, options),
    canary,
  };
}

/** Why windows of the model are not to be believed now: its traffic is not what it usually is. */
function suppression(ports: RetrainPorts, model: string): string | undefined {
  const out = ports.regionsOf(model).filter(region => ports.regionState(region) === 'evacuated');
  if (out.length > 0) return `suppressed: ${out.join(', ')} evacuated`;
  const canary = ports.canary(model);
  return canary?.state === 'running' ? `suppressed: canary ${canary.id} of ${canary.version} runs` : undefined;
}

async function setBack({ book, clock }: RetrainPorts, id: string, options: RetrainOptions): Promise<void> {
  await book.change(id, latest => {
    const mended = notAhead(latest, clock.wallMs(), options);
    return mended === latest ? undefined : mended;
  });
}

async function carryOut(ports: RetrainPorts, episode: Episode, plan: Plan, options: RetrainOptions): Promise<void> {
  const { id } = episode;
  switch (plan.to) {
    case 'wait':
      return;
    case 'hold': {
      const { why, untilMs } = plan;
      await ports.book.change(id, latest => {
        if (latest.state !== episode.state) return undefined;
        const held = { ...latest, held: { why, untilMs } };
        const told = latest.held?.why === why;
        return told ? held : noted(held, { atMs: ports.clock.wallMs(), by: 'gateway', what: 'held', detail: why });
      });
      return;
    }
    case 'change': {
      const { event, detail, patch } = plan;
      // Made for the episode as it was: what changed meanwhile is looked at anew.
      const still = (latest: Episode) => (latest === episode || same(latest, episode) ? (patch ?? {}) : undefined);
      const made = await happen(ports, id, event, { by: 'gateway', detail }, still);
      if (made !== undefined && isOver(made.state) && (made.actions.length === 0 || nothingStarted(made.actions)))
        await ports.budget.release(made.model, id);
      return;
    }
    case 'start':
      return start(ports, episode, options);
    case 'act':
      return act(ports, id, plan.index, options);
    case 'look':
      return look(ports, id, options);
  }
}

function same(a: Episode, b: Episode): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
