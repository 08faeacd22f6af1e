import type { Model, Version } from '../core/model.ts';
import type { Random } from '../core/random.ts';
import type { InferenceRequest } from '../core/request.ts';

/** The part of a request that splitting looks at. */
export type SplitRequest = Pick<InferenceRequest, 'fields' | 'hints' | 'caller' | 'invocationId'>;

/**
 * Orders the versions a request can reach: the chosen one first, then the others by weight, for when every target of the
 * chosen one fails. Versions of weight 0 take no part; empty when none is left.
 *
 * The choice is weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005):
 * each version draws `-ln(u) / weight` with `u` hashed from the caller's key and its name, and the lowest wins. So shares
 * are exactly the weights, the same key always meets the same version, and raising one weight only adds callers to it.
 */
export function splitVersions(
  reachable: readonly Version[],
  model: Model,
  request: SplitRequest,
  random: Random,
): readonly Version[] {
  const serving = reachable.every(version => version.weight > 0)
    ? reachable
    : reachable.filter(version => version.weight > 0);
  if (serving.length < 2) return serving;

  const key = splitKey(model, request);
  const seed = key === undefined ? Math.floor(random() * 4_294_967_296) : hash(key, hash(model.name, fnvOffset));
  let chosen = serving[0];
  let lowest = Number.POSITIVE_INFINITY;
  for (const version of serving) {
    const draw = -Math.log(uniform(hash(version.name, seed))) / version.weight;
    if (draw >= lowest) continue;
    lowest = draw;
    chosen = version;
  }
  const others = serving.filter(version => version !== chosen).sort((a, b) => b.weight - a.weight);
  return chosen === undefined ? others : [chosen, ...others];
}

/**
 * What a caller sticks to a version by: session, else inference id, else (where configured) tenant, else the SDK's
 * invocation id, which is the same over one call's own retries. Undefined: nothing is sticky, chance decides.
 */
export function splitKey(model: Model, { hints, fields, caller, invocationId }: SplitRequest): string | undefined {
  return hints.session ?? fields.inferenceId ?? (model.splitByTenant ? caller.tenant : invocationId);
}

/** Whether the key is that of somebody who calls again, and not of one call. */
export function isReturning(model: Model, { hints, fields }: Pick<SplitRequest, 'hints' | 'fields'>): boolean {
  return hints.session !== undefined || (fields.inferenceId === undefined && model.splitByTenant);
}

/** A number in (0, 1): the same for a caller's key and purpose each time, a new one for a call that nothing is known of. */
export function drawOf(model: Model, request: SplitRequest, purpose: string, random: Random): number {
  const key = splitKey(model, request);
  return key === undefined ? random() : uniform(hash(purpose, hash(key, hash(model.name, fnvOffset))));
}

/** Enough to tell how callers differ, and few enough to be counted one by one. */
const callerGroups = 32;

/** The group of a caller who comes again, whatever side is drawn; undefined for all other calls. */
export function callerGroup(model: Model, request: SplitRequest): number | undefined {
  const key = isReturning(model, request) ? splitKey(model, request) : undefined;
  if (key === undefined) return undefined;
  return Math.floor(uniform(hash('group', hash(key, hash(model.name, fnvOffset)))) * callerGroups);
}

const fnvOffset = 0x811c9dc5;

/** FNV-1a (Fowler, Noll, Vo), 32 bits, started from `seed`. */
function hash(text: string, seed: number): number {
  let state = seed | 0;
  for (let index = 0; index < text.length; index += 1) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  return state;
}

/** A 32-bit hash as a number in (0, 1), its bits mixed by MurmurHash3's finaliser (Appleby), as FNV alone is uneven. */
function uniform(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 0.5) / 4_294_967_296;
}
