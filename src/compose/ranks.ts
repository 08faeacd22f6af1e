import { progressOf } from '../retrain/episode.ts';
import { decodeEpisode } from '../retrain/record.ts';
import { type CanaryRecord, readRecord } from '../rollout/canary/record.ts';
import { isRunning } from '../rollout/canary/states.ts';

/**
 * How far a record that replicas share has come, of those that only move forward: a canary by its share, an episode by its
 * state. A replica that was alone with a Redis that had forgotten everything may write what it knew last; those that
 * went on without it know better.
 */
export function rankOf(key: string, value: string): readonly number[] | undefined {
  if (key.startsWith('canary/')) return canaryRank(readRecord(value));
  if (!key.startsWith('episode/')) return undefined;
  const episode = decodeEpisode(value);
  return episode && [progressOf(episode.state)];
}

/** The newest canary; one that has ended; the widest wave, the greatest share; the revision that most has come to. */
function canaryRank(record: CanaryRecord | undefined): readonly number[] | undefined {
  if (record === undefined) return undefined;
  const { startedAtMs, state, wave, step, revision } = record;
  return [startedAtMs, isRunning(state) ? 0 : 1, wave, step, revision];
}
