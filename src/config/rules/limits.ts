import type { Path } from '../findings.ts';
import type { Rule } from '../inspection.ts';

/** A deadline leaves time for the objective, for connecting and for a shutdown. */
export const deadlinesFit: Rule = inspection => {
  const { connections, limits } = inspection.config;
  for (const [, { deadlineMs, slo }, path] of inspection.models()) {
    const at = [...path, 'deadlineMs'];
    if (!inspection.sound(at)) continue;
    if (deadlineMs < slo.latencyMs && inspection.sound([...path, 'slo'])) {
      const problem = `${deadlineMs} is shorter than slo.latencyMs, ${slo.latencyMs}`;
      inspection.error(at, problem, 'raise the deadline, or promise a shorter latency');
    }
    if (deadlineMs <= connections.connectTimeoutMs && inspection.sound(['connections', 'connectTimeoutMs'])) {
      const problem = `one connection may take all of it: connections.connectTimeoutMs is ${connections.connectTimeoutMs}`;
      inspection.warning(at, problem, 'raise the deadline, or lower connectTimeoutMs to half of it');
    }
    const chosen = inspection.written(['limits', 'shutdownMs']) || !inspection.sound(['limits', 'shutdownMs']);
    if (deadlineMs > limits.shutdownMs && !chosen) {
      const problem = `a stopping gateway waits ${limits.shutdownMs} ms and cuts calls that take longer`;
      inspection.warning(at, problem, 'raise limits.shutdownMs');
    }
  }
};

/** One body of the largest size fits what may be held. */
export const bodiesFitMemory: Rule = inspection => {
  const { maxBufferedBytes } = inspection.config.limits;
  if (!inspection.sound(['limits', 'maxBufferedBytes'])) return;
  for (const [, options, path] of inspection.models()) {
    for (const key of ['maxRequestBytes', 'maxResponseBytes'] as const) {
      const at = [...path, key];
      if (options[key] <= maxBufferedBytes || !inspection.sound(at)) continue;
      const problem = `${options[key]} is above limits.maxBufferedBytes, ${maxBufferedBytes}, so one body never fits`;
      inspection.error(at, problem, 'lower it, or raise maxBufferedBytes');
    }
  }
};

/** The cap of ejection times is not below their base. */
export const ejectionTimesFit: Rule = inspection => {
  const { baseEjectionMs, maxEjectionMs } = inspection.config.health;
  const sound = ['baseEjectionMs', 'maxEjectionMs'].every(key => inspection.sound(['health', key]));
  if (maxEjectionMs >= baseEjectionMs || !sound) return;
  const problem = `${maxEjectionMs} is shorter than baseEjectionMs, ${baseEjectionMs}`;
  inspection.error(['health', 'maxEjectionMs'], problem, 'raise it');
};

/** Longest delay of a JavaScript timer: 2^31 - 1 ms, 24 days; past it a timer fires at once. */
const longestTimerMs = 2_147_483_647;

/** No time is longer than a timer can wait. */
export const timersFit: Rule = inspection => {
  const walk = (value: unknown, path: Path): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
    } else if (typeof value === 'number' && value > longestTimerMs && String(path.at(-1)).endsWith('Ms')) {
      inspection.error(path, `${value} is longer than a timer can wait`, `write at most ${longestTimerMs}`);
    }
  };
  const { models: _, ...others } = inspection.config;
  walk(others, []);
};

/** What replicas share, and how many there are, is thought of. */
export const replicasShareState: Rule = inspection => {
  const { redis, cacheStore, replicas } = inspection.config;
  if (redis !== undefined && cacheStore.keySecret === undefined && inspection.sound(['cacheStore'])) {
    const problem = 'is missing, so cached answers are not shared through Redis';
    inspection.warning(
      ['cacheStore', 'keySecret'],
      problem,
      'write one long secret for all replicas, filled in from the environment',
    );
  }
  if (redis !== undefined && replicas === 1 && inspection.sound(['redis']) && inspection.sound(['replicas'])) {
    const problem =
      'with redis and replicas: 1, each replica takes the whole of every limit until Redis has told how many there are';
    inspection.warning(['replicas'], problem, 'write how many usually run');
  }
  if (redis === undefined && replicas > 1 && inspection.sound(['redis']) && inspection.sound(['replicas'])) {
    const problem = `${replicas} replicas without redis: drains and cached answers stay in one`;
    inspection.note(['replicas'], problem, 'write redis.url, or redis.cluster, to share them');
  }
};
