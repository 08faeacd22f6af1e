import type { Episode } from '../retrain/episode.ts';
import { type AwsEventPorts, takePackage } from './aws-events.ts';
import type { Parts } from './parts.ts';

const tickMs = 1_000;

/**
 * Looks into the model registry for what a finished run brought, where no event tells of it: packages approved since the
 * episode began, in the region of the run, every `retrain.pollSeconds`.
 */
export function watchRegistry(
  parts: Parts,
  ports: Pick<AwsEventPorts, 'versions' | 'episodes'>,
  warn: (message: string) => void,
): { stop(): void } {
  const { clock, backends, config } = parts;
  const askedAt = new Map<string, number>();
  const look = async ({ id, model, openedAtMs, execution }: Episode): Promise<void> => {
    const group = config().models.get(model)?.newVersions?.packageGroup;
    if (group === undefined || execution === undefined) return;
    const approved = await backends.controlPlane.approvedPackages(execution.region, group);
    const [newest] = approved.filter(({ createdAtMs }) => createdAtMs >= openedAtMs);
    if (newest !== undefined) await takePackage(ports, newest, `episode ${id}`);
  };
  const tick = () => {
    const waiting = ports.episodes
      .list()
      .filter(({ state, result }) => state === 'retrained' && result?.version === undefined);
    for (const episode of waiting) {
      const pollMs = (config().config.models[episode.model]?.retrain?.pollSeconds ?? 30) * 1_000;
      if (clock.now() - (askedAt.get(episode.id) ?? Number.NEGATIVE_INFINITY) < pollMs) continue;
      askedAt.set(episode.id, clock.now());
      look(episode).catch((error: unknown) => warn(`the model registry was not read, and will be: ${String(error)}`));
    }
    for (const id of askedAt.keys()) if (!waiting.some(each => each.id === id)) askedAt.delete(id);
  };
  return { stop: clock.every(tickMs, tick) };
}
