import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { DrawnCall } from '../core/split.ts';
import type { SharedEntries } from '../state/state.ts';
import type { RememberedCall } from './drift.ts';
import { isObject, parse } from './json-values.ts';
import type { PredictionSegments } from './prediction-segments.ts';

/** A remembered answer, and the ground truth it was joined with, if it was. */
export interface KeptCall extends RememberedCall {
  /** As canonical text. */
  readonly joined: string | undefined;
}

/** Answers whose ground truth may come, found by their tenant and inference id. */
export interface PredictionBook {
  remember(call: RememberedCall): void;
  /** Undefined for one that is not known, to this replica or through Redis to any. */
  find(tenant: string, inferenceId: string): Promise<KeptCall | undefined>;
  /** Keeps the truth of an answer, once: undefined when this is the one, else the one that stands already. */
  claim(call: KeptCall, truth: string): Promise<string | undefined>;
  /** Tenants that used an inference id, as far as this replica remembers. */
  tenantsOf(inferenceId: string): readonly string[];
  /** Forgets answers of a tenant, or of an inference id of any tenant; resolves to how many this replica had. */
  forget(what: { readonly tenant: string } | { readonly inferenceId: string }): Promise<number>;
  readonly size: number;
  stop(): Promise<void>;
}

/** What the book needs of the rest. */
export interface PredictionBookPorts {
  readonly clock: Clock;
  /** Where other replicas find them; undefined without Redis. */
  readonly shared: SharedEntries | undefined;
  /** What survives a restart. */
  readonly segments: PredictionSegments;
  /** Of all models together. */
  maxPredictions(): number;
  /** How long the answers of a model are joined, ms. */
  retentionMs(model: string): number;
}

/** Another replica may be asked for an answer this long after it was given. */
const shareEveryMs = 200;
/** An answer whose time is up is known as such for as long again. */
const expiredTimes = 2;

/** Answers in memory, the newest on disk too, and in Redis where replicas share one. */
export async function openPredictionBook(ports: PredictionBookPorts): Promise<PredictionBook> {
  const { clock, shared, segments } = ports;
  const calls = new Map<string, KeptCall>();
  let unshared = new Map<string, KeptCall>();
  const keyOf = (tenant: string, id: string) => `${tenant}\u0000${id}`;
  const keep = (call: KeptCall) => {
    const key = keyOf(call.tenant, call.inferenceId);
    calls.delete(key); // so that it is the newest
    calls.set(key, call);
    for (const [oldest] of calls) {
      if (calls.size <= ports.maxPredictions()) break;
      calls.delete(oldest);
    }
  };
  for await (const call of segments.read()) keep(call);
  const dropOld = () => {
    for (const [key, { model, answeredAt }] of calls) {
      if (clock.wallMs() - answeredAt <= ports.retentionMs(model) * expiredTimes) break;
      calls.delete(key);
    }
  };
  const share = async () => {
    dropOld();
    if (shared === undefined || unshared.size === 0) return;
    const batch = unshared;
    unshared = new Map();
    for (const [model, entries] of Map.groupBy(batch.values(), call => call.model)) {
      const texts = new Map(entries.map(call => [sharedKey(call.tenant, call.inferenceId), JSON.stringify(call)]));
      // What Redis does not take now is joined by this replica only.
      await shared.put(texts, ports.retentionMs(model)).catch(() => undefined);
    }
  };
  const stopSharing = clock.every(shareEveryMs, () => void share());

  const find: PredictionBook['find'] = async (tenant, id) => {
    const here = calls.get(keyOf(tenant, id));
    if (here !== undefined || shared === undefined) return here;
    const text = await shared.get(sharedKey(tenant, id)).catch(() => undefined);
    return text === undefined ? undefined : decodeCall(text);
  };
  return {
    remember: call => {
      const kept = { ...call, joined: undefined };
      keep(kept);
      segments.append(kept);
      if (shared !== undefined) unshared.set(keyOf(call.tenant, call.inferenceId), kept);
    },
    find,
    claim: async (call, truth) => {
      const key = keyOf(call.tenant, call.inferenceId);
      const known = calls.get(key);
      const before = known?.joined ?? call.joined;
      if (before !== undefined) return before;
      if (known !== undefined) calls.set(key, { ...known, joined: truth }); // before anybody else here asks
      const former = await claimShared(shared, call, truth, ports.retentionMs(call.model));
      const joined = { ...call, joined: former ?? truth };
      if (known !== undefined) calls.set(key, joined);
      segments.append(joined);
      return former;
    },
    tenantsOf: inferenceId =>
      [...calls.values()].flatMap(call => (call.inferenceId === inferenceId ? call.tenant : [])),
    forget: async what => {
      const matches = (call: RememberedCall) =>
        'tenant' in what ? call.tenant === what.tenant : call.inferenceId === what.inferenceId;
      let forgotten = 0;
      for (const [key, call] of calls) {
        if (!matches(call)) continue;
        calls.delete(key);
        unshared.delete(key);
        forgotten += 1;
        await shared?.delete(sharedKey(call.tenant, call.inferenceId)).catch(() => undefined);
      }
      await segments.remove(matches);
      return forgotten;
    },
    get size() {
      return calls.size;
    },
    stop: async () => {
      stopSharing();
      await share();
      await segments.close();
    },
  };
}

/** As `claim`. Without Redis, or while it is away, this replica's word stands. */
async function claimShared(
  shared: SharedEntries | undefined,
  { tenant, inferenceId }: RememberedCall,
  truth: string,
  ttlMs: number,
): Promise<string | undefined> {
  if (shared === undefined) return undefined;
  const own = `${randomUUID()} ${truth}`; // replicas may bring the same truth at once, and one of them joins it
  const standing = await shared.claim(`${sharedKey(tenant, inferenceId)}:truth`, own, ttlMs).catch(() => own);
  return standing === own ? undefined : standing.slice(standing.indexOf(' ') + 1);
}

/** Tells a reader of Redis nothing of tenants or ids. */
function sharedKey(tenant: string, inferenceId: string): string {
  return createHash('sha256').update(`${tenant.length}:${tenant}${inferenceId}`).digest('base64url');
}

/** A call as it was written down; undefined when it is none. */
export function decodeCall(text: string): KeptCall | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  const { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined, drawn } = value;
  const texts = [inferenceId, model, version, tenant, residency].every(each => typeof each === 'string');
  const scalar = (each: unknown) => typeof each === 'string' || typeof each === 'number';
  if (!texts || typeof answeredAt !== 'number' || !Array.isArray(predictions) || !predictions.every(scalar))
    return undefined;
  if (joined !== undefined && typeof joined !== 'string') return undefined;
  const call = { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined };
  return { ...call, ...(isDrawn(drawn) && { drawn }) } as KeptCall;
}

function isDrawn(value: unknown): value is DrawnCall {
  if (!isObject(value) || !isObject(value['arm'])) return false;
  const { canary, side, share } = value['arm'];
  const known = typeof canary === 'string' && (side === 'canary' || side === 'stable') && typeof share === 'number';
  return known && typeof value['region'] === 'string' && typeof value['answeredAtMs'] === 'number';
}
