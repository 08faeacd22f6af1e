import { progressOf } from '../retrain/episode.ts';
import { decodeEpisode } from '../retrain/record.ts';
import { type CanaryRecord, readRecord } from '../rollout/canary/record.ts';
import { isRunning } from '../rollout/canary/states.ts';

/**
 * Whether a record that replicas share has come further than another, of those that only move forward: canaries and
 * episodes. A replica that was alone with a Redis that had forgotten everything may write what it knew last; those that
 * went on without it know better. Clocks of replicas differ, so no time is compared.
 */
export function isFurther(key: string, value: string, other: string): boolean {
  if (key.startsWith('canary/')) {
    const [mine, theirs] = [readRecord(value), readRecord(other)];
    return mine !== undefined && theirs !== undefined && isCanaryFurther(mine, theirs);
  }
  if (!key.startsWith('episode/')) return false;
  const [mine, theirs] = [decodeEpisode(value), decodeEpisode(other)];
  return mine !== undefined && theirs !== undefined && progressOf(mine.state) > progressOf(theirs.state);
}

/**
 * A canary that followed the other; of one canary its end, the one that went back from 100 % to be compared again, the
 * wider wave, the greater share, the later revision.
 */
function isCanaryFurther(mine: CanaryRecord, theirs: CanaryRecord): boolean {
  if (mine.id !== theirs.id) return mine.previous.includes(theirs.id);
  const places = ({ state, verified = 0, wave, step, revision }: CanaryRecord) => {
    return [isRunning(state) ? 0 : 1, verified, wave, step, revision];
  };
  const [own, other] = [places(mine), places(theirs)];
  const at = own.findIndex((number, index) => number !== other[index]);
  return (own[at] ?? 0) > (other[at] ?? 0);
}
