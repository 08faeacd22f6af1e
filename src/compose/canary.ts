import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Canaries, createCanaries } from '../rollout/canary/canaries.ts';
import { type History, historyFiles } from '../rollout/canary/history.ts';
import type { Parts } from './parts.ts';
import { predictionsIn } from './predictions.ts';
import type { Shadowing } from './shadow.ts';

/** Canaries over the gateway's parts. */
export interface CanaryPart extends Canaries {
  readonly history: History;
}

/** Canaries of the config in force; what they count is what the request path tells. */
export function createCanaryPart(
  parts: Parts,
  shadowing: Pick<Shadowing, 'mirror'>,
  together: () => boolean,
  warn: (message: string) => void,
): CanaryPart {
  const { clock, random, emit, stores, health, router, cache, work } = parts;
  const history = historyFiles(join(parts.config().config.stateDir, 'canary'));
  const canaries = createCanaries({
    clock,
    random,
    emit,
    state: stores.state,
    tallies: stores.tallies,
    history,
    model: name => parts.config().models.get(name),
    models: () => parts.config().models.values(),
    options: name => parts.config().config.models[name]?.canary,
    together,
    mayServe: (model, target, request) => router.mayEverServe(model, target, request),
    unusable: target => {
      const availability = health.available(target);
      if (!availability.usable) return availability.why;
      return availability.trial ? 'ejected' : undefined; // half-open: it has not come back yet
    },
    region: name => health.region(name),
    purge: (model, version) => cache.purge(model, version),
    predictionsOf: predictionsIn(parts),
    shadow: (model, version, share) => {
      const mirroring = shadowing.mirror(model, version, share);
      return {
        agreement: () => {
          const { compared, by, unanswered } = mirroring.agreement();
          const agreed = by.exact + by.close + by['same-label'];
          return { made: compared + unanswered, agreed, failed: by.failed + unanswered };
        },
        stop: mirroring.stop,
      };
    },
    series: randomUUID().slice(0, 8),
    background: work.start,
    warn,
  });
  return { ...canaries, history };
}
