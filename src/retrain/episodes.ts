import type { Listener } from '../core/events.ts';
import { newsOf } from './alertmanager.ts';
import { happen } from './change.ts';
import { type News, type QualityOf, type Taken, takeNews, withQuality } from './door.ts';
import { createDriver } from './driver.ts';
import { type Episode, isOver } from './episode.ts';
import { createEvaluator } from './evaluator.ts';
import { createOperator, type OperatorActs } from './operator.ts';
import type { RetrainPorts } from './ports.ts';

/** Episodes of every model: what opens them, what they lead to, what is told of them. */
export interface Episodes extends OperatorActs {
  /** Hears of windows, canaries and baselines. */
  readonly hear: Listener;
  list(): readonly Episode[];
  get(id: string): Episode | undefined;
  /** Of states that are not over, how many by model and state. */
  counts(): ReadonlyMap<string, number>;
  /** Retrainings left this week, by model. */
  budgets(): ReadonlyMap<string, number>;
  /**
   * Takes a notification of Alertmanager's, posted with a token of this id. Undefined when it is none. Rejects while
   * replicas cannot agree: then it must be posted again.
   */
  alert(body: unknown, tokenId: string): Promise<Readonly<Record<Taken, number>> | undefined>;
  /**
   * Training brought a version, or a package that one will be made of. True when it joined the episode; false when
   * that is over, or does not wait for one.
   */
  retrained(model: string, id: string, result: { version?: string; packageArn?: string }): Promise<boolean>;
  /** What training brought was rejected: nothing will come of the episode. False when it does not wait for it. */
  rejected(id: string, by: string, why: string): Promise<boolean>;
  stop(): Promise<void>;
}

const windowsPrefix = 'drift-windows/';

/** Starts to go on with the episodes that are there. */
export function startEpisodes(ports: RetrainPorts): Episodes {
  const { book } = ports;
  const measures = new Map<string, Record<string, number>>();
  const keyOf = (model: string, version: string | undefined, scope: string) => `${model}/${version}/${scope}`;
  const quality: QualityOf = (...of) => ({ ...measures.get(keyOf(...of)) });
  const queue = inTurn(ports.warn);
  const toKeep = new Set<string>();
  const evaluator = createEvaluator({
    kept: model => ports.state.get(`${windowsPrefix}${model}`),
    keep: (model, text) => {
      if (toKeep.has(model)) return;
      toKeep.add(model);
      queue.add(async () => {
        toKeep.delete(model);
        const [key, told] = [`${windowsPrefix}${model}`, text()];
        // Ten replicas hear the same, and one of them writes it.
        if (ports.state.get(key) !== told) await ports.state.set(key, told);
      });
    },
    nowMs: () => ports.clock.wallMs(),
    options: ports.options,
    onTrial: model => {
      const canary = ports.canary(model);
      return canary?.state === 'running' ? canary.version : undefined;
    },
    tell: news => queue.add(() => takeNews(ports, quality, news)),
    measured: ({ model, version, scope }, name, value) => {
      measures.set(keyOf(model, version, scope), { ...quality(model, version, scope), [name]: value });
      const open = book.open(model, scope);
      if (open === undefined || withQuality(open, version, name, value) === undefined) return;
      const next = (episode: Episode) => {
        const patch = withQuality(episode, version, name, value);
        return patch && { ...episode, ...patch };
      };
      queue.add(() => book.change(open.id, next));
    },
  });
  const driver = createDriver(ports);
  driver.start();
  return {
    hear: event => {
      evaluator.hear(event);
      if (event.type === 'canary-changed' && event.to === 'promoted') evaluator.forget(event.model);
    },
    list: book.all,
    get: book.get,
    counts: () => counted(book.all()),
    budgets: () => new Map(ports.models().map(([model, options]) => [model, ports.budget.left(model, options)])),
    alert: (body, tokenId) => takeAlerts(ports, quality, newsOf(body, tokenId, ports.clock.wallMs())),
    retrained: (model, id, result) => takeResult(ports, model, id, result),
    rejected: async (id, by, detail) => {
      const waits = ({ state }: Episode) => (state === 'retraining' || state === 'retrained' ? {} : undefined);
      return (await happen(ports, id, 'failed', { by, detail }, waits)) !== undefined;
    },
    ...createOperator(ports, quality),
    stop: async () => {
      await driver.stop();
      await queue.settled();
    },
  };
}

/** One after the other, so that what is heard in one order is written in it. */
function inTurn(warn: (message: string) => void): {
  add(work: () => Promise<unknown>): void;
  settled(): Promise<void>;
} {
  let last: Promise<void> = Promise.resolve();
  return {
    add: work => {
      // Windows go on saying what they say: what could not be written now is heard again with the next.
      last = last.then(work).then(
        () => {},
        (error: unknown) => warn(`what was heard of drift could not be written down: ${String(error)}`),
      );
    },
    settled: () => last,
  };
}

function counted(episodes: readonly Episode[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { model, state } of episodes.filter(each => !isOver(each.state))) {
    const key = `${model} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

async function takeAlerts(
  ports: RetrainPorts,
  quality: QualityOf,
  news: readonly News[] | undefined,
): Promise<Readonly<Record<Taken, number>> | undefined> {
  if (news === undefined) return undefined;
  const taken = { opened: 0, added: 0, ignored: 0 };
  for (const each of news) {
    const result = await takeNews(ports, quality, each);
    taken[result] += 1;
    ports.emit({ type: 'alert-received', result });
  }
  return taken;
}

async function takeResult(
  ports: RetrainPorts,
  model: string,
  id: string,
  { version, packageArn }: { version?: string; packageArn?: string },
): Promise<boolean> {
  const told = version === undefined ? `package ${packageArn}` : `version ${version}`;
  const result = { ...(version !== undefined && { version }), ...(packageArn !== undefined && { packageArn }) };
  const patch = (episode: Episode) =>
    episode.model === model ? { result: { ...episode.result, ...result } } : undefined;
  if ((await happen(ports, id, 'produced', { by: 'gateway', detail: told }, patch)) !== undefined) return true;
  // It was known that training is over; now it is known what it brought.
  const made = await ports.book.change(id, episode =>
    episode.state === 'retrained' && episode.model === model ? { ...episode, ...patch(episode) } : undefined,
  );
  return made !== undefined;
}
