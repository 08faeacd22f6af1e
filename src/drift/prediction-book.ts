import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { DrawnCall } from '../core/split.ts';
import type { SharedEntries } from '../state/state.ts';
import type { RememberedCall } from './drift.ts';
import { isObject, parse } from './json-values.ts';
import type { PredictionSegments } from './prediction-segments.ts';
import { truthClaims, truthKey } from './truth-claims.ts';

/** A remembered answer, and the ground truth it was joined with, if it was. */
export interface KeptCall extends RememberedCall {
  /** As canonical text. */
  readonly joined: string | undefined;
  /** Another answer was given under the same inference id: nobody can tell which of them a truth is of. */
  readonly ambiguous?: boolean;
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
  /** Of all models together; a larger answer counts as several. */
  maxPredictions(): number;
  /** How long the answers of a model are joined, ms. */
  retentionMs(model: string): number;
}

/** Another replica may be asked for an answer this long after it was given. */
const shareEveryMs = 200;
/** An answer whose time is up is known as such for as long again. */
const expiredTimes = 2;
/** Predictions that count as one answer, in bytes: a call with a thousand instances takes the room of eight. */
const answerBytes = 1_024;
const numberBytes = 8;

/** Answers in memory, the newest on disk too, and in Redis where replicas share one. */
export async function openPredictionBook(ports: PredictionBookPorts): Promise<PredictionBook> {
  const { clock, shared, segments } = ports;
  const calls = new Map<string, KeptCall>();
  const claims = truthClaims(shared);
  let unshared = new Map<string, KeptCall>();
  const keyOf = (tenant: string, id: string) => `${tenant}\u0000${id}`;
  let weight = 0;
  const drop = (key: string) => {
    const known = calls.get(key);
    if (known !== undefined) weight -= weightOf(known);
    calls.delete(key);
  };
  const keep = (call: KeptCall) => {
    const key = keyOf(call.tenant, call.inferenceId);
    drop(key); // so that it is the newest
    calls.set(key, call);
    weight += weightOf(call);
    for (const [oldest] of calls) {
      if (weight <= ports.maxPredictions() || calls.size === 1) break;
      drop(oldest);
    }
  };
  for await (const call of segments.read()) keep(call);
  const dropOld = () => {
    for (const [key, { model, answeredAt }] of calls) {
      if (clock.wallMs() - answeredAt <= ports.retentionMs(model) * expiredTimes) break;
      drop(key);
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
  const stopSharing = clock.every(shareEveryMs, () => {
    void share();
    void claims.catchUp();
  });

  const find: PredictionBook['find'] = async (tenant, id) => {
    const here = calls.get(keyOf(tenant, id));
    if (here?.ambiguous || shared === undefined) return here;
    const text = await shared.get(sharedKey(tenant, id)).catch(() => undefined);
    const there = text === undefined ? undefined : decodeCall(text);
    if (here === undefined || there === undefined || sameAnswer(here, there)) return here ?? there;
    return { ...here, ambiguous: true };
  };
  return {
    remember: call => {
      const known = calls.get(keyOf(call.tenant, call.inferenceId));
      // A client that tries again, and gets the same, has one answer.
      if (known !== undefined && sameAnswer(known, call)) return;
      const kept = { ...call, joined: undefined, ...(known !== undefined && { ambiguous: true }) };
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
      const former = await claims.claim(sharedKey(call.tenant, call.inferenceId), truth, ports.retentionMs(call.model));
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
        drop(key);
        unshared.delete(key);
        forgotten += 1;
        const place = sharedKey(call.tenant, call.inferenceId);
        claims.forget(place);
        for (const each of [place, truthKey(place)]) await shared?.delete(each).catch(() => undefined);
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

/** Tells a reader of Redis nothing of tenants or ids. */
function sharedKey(tenant: string, inferenceId: string): string {
  return createHash('sha256').update(`${tenant.length}:${tenant}${inferenceId}`).digest('base64url');
}

/** Of the same model and version, with the same predictions: which of them a truth is of makes no difference. */
function sameAnswer(a: RememberedCall, b: RememberedCall): boolean {
  const { model, version, predictions } = a;
  if (model !== b.model || version !== b.version || predictions.length !== b.predictions.length) return false;
  return predictions.every((each, index) => each === b.predictions[index]);
}

function weightOf({ predictions }: RememberedCall): number {
  let bytes = 0;
  for (const each of predictions) bytes += typeof each === 'string' ? each.length : numberBytes;
  return Math.max(1, Math.ceil(bytes / answerBytes));
}

/** A call as it was written down; undefined when it is none. */
export function decodeCall(text: string): KeptCall | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  const { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined, ambiguous, drawn, scope } =
    value;
  const texts = [inferenceId, model, version, tenant, residency].every(each => typeof each === 'string');
  const scalar = (each: unknown) => typeof each === 'string' || typeof each === 'number';
  if (!texts || typeof answeredAt !== 'number' || !Array.isArray(predictions) || !predictions.every(scalar))
    return undefined;
  if (joined !== undefined && typeof joined !== 'string') return undefined;
  const call = { inferenceId, model, version, tenant, residency, answeredAt, predictions, joined };
  const whose = typeof scope === 'string' && { scope };
  return { ...call, ...whose, ...(ambiguous === true && { ambiguous }), ...(isDrawn(drawn) && { drawn }) } as KeptCall;
}

function isDrawn(value: unknown): value is DrawnCall {
  if (!isObject(value) || !isObject(value['arm'])) return false;
  const { canary, side, share } = value['arm'];
  const known = typeof canary === 'string' && (side === 'canary' || side === 'stable') && typeof share === 'number';
  return known && typeof value['region'] === 'string' && typeof value['answeredAtMs'] === 'number';
}
