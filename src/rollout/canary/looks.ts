import { type Baking, createBaking } from './baking.ts';
import type { Changes } from './changes.ts';
import { handOver, lookAt } from './looking.ts';
import { moved } from './move.ts';
import { weightsOf } from './plan.ts';
import type { CanaryPorts } from './ports.ts';
import type { Trials } from './trials.ts';
import type { View } from './views.ts';

/** What looks need of the rest. */
export interface LookParts {
  readonly ports: CanaryPorts;
  readonly changes: Changes;
  readonly trials: Trials;
  view(model: string): View;
}

/** Looks at canaries, at each one once at a time. */
export interface Looks {
  /** Looks now; or waits for the look that is being made. */
  look(model: string): Promise<void>;
  /** Hands over this replica's counts, for others to look at. */
  handOver(model: string): Promise<void>;
  /** Puts an end that was written down alone in the record, when the replicas are together again. */
  settle(model: string): Promise<void>;
  stop(): void;
}

/** No look is being made. */
export function createLooks(parts: LookParts): Looks {
  const looking = new Map<string, Promise<void>>();
  const baking = createBaking(parts.ports.clock);
  let stopped = false;
  return {
    look: name => {
      const running =
        looking.get(name) ?? lookNow(parts, name, baking, () => stopped).finally(() => looking.delete(name));
      looking.set(name, running);
      return running;
    },
    handOver: async name => {
      const { record } = parts.view(name);
      const trial = parts.trials.of(record);
      if (record === undefined || trial === undefined) return;
      baking.judgedAt(record);
      await handOver(parts.ports, record, trial);
    },
    settle: name => settle(parts, name),
    stop: () => {
      stopped = true;
    },
  };
}

async function lookNow(parts: LookParts, name: string, baking: Baking, stopped: () => boolean): Promise<void> {
  const { ports, changes, trials, view } = parts;
  const now = view(name);
  const { record } = now;
  const trial = trials.of(record);
  if (record === undefined || trial === undefined) return settle(parts, name);
  const { next, decision, alone } = await lookAt(ports, record, trial, baking.judgedAt(record));
  if (next === undefined || stopped()) return;
  // False: another replica was faster. Undefined: the replicas are not together.
  const done = alone ? undefined : await changes.replace(now, next).catch(() => undefined);
  if (done !== undefined || decision?.move !== 'condemn') return;
  const { reason } = decision;
  await changes.stopAlone(record, { state: 'rolled-back', by: 'gateway', reason, atMs: ports.clock.wallMs() });
}

async function settle({ ports, changes, view }: LookParts, name: string): Promise<void> {
  const now = view(name);
  const { stored, stop, record } = now;
  if (stored === undefined || stop === undefined || stored.state === record?.state || !ports.together()) return;
  const model = ports.model(name);
  const mover = { ...stop, weights: model && weightsOf(model) };
  const ended = moved(stored, stop.state === 'aborted' ? 'abort' : 'condemn', mover);
  if (ended !== undefined) await changes.replace(now, ended).catch(() => false); // tried again at the next tick
}
