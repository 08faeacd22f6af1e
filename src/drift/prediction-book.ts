import type { Clock } from '../core/clock.ts';
import type { SharedEntries } from '../state/state.ts';
import type { RememberedCall } from './drift.ts';
import type { Erased, PastErasure } from './erasure.ts';
import { isErased, type KeptCall, sameAnswer } from './kept-call.ts';
import type { PredictionSegments } from './prediction-segments.ts';
import { sharedAnswers, sharedKey } from './shared-answers.ts';
import { truthClaims } from './truth-claims.ts';

/** Answers whose ground truth may come, found by their tenant and inference id. */
export interface PredictionBook {
  remember(call: RememberedCall): void;
  /** Undefined for one that is not known, to this replica or through Redis to any. */
  find(tenant: string, inferenceId: string): Promise<KeptCall | undefined>;
  /**
   * Keeps the truth of an answer, once: undefined when this is the one, else the one that stands already; `false` when the
   * answer was deleted meanwhile, and nothing is kept.
   */
  claim(call: KeptCall, truth: string): Promise<string | undefined | false>;
  /** Tenants that used an inference id, as far as this replica remembers. */
  tenantsOf(inferenceId: string): readonly string[];
  /** Forgets answers of a tenant, or of an inference id of any tenant; resolves to how many this replica had. */
  forget(what: Erased): Promise<number>;
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
  /** What was deleted on any replica: answers given before are nobody's, wherever a copy of them may still be. */
  erasures(): readonly PastErasure[];
}

/** Another replica may be asked for an answer this long after it was given. */
const shareEveryMs = 200;
/** An answer whose time is up is known as such for as long again. */
const expiredTimes = 2;
/** Predictions that count as one answer, in bytes: a call with a thousand instances takes the room of eight. */
const answerBytes = 1_024;
const numberBytes = 8;
/** Deletions of this replica's own that are remembered until all replicas know of them. */
const mostErasures = 1_000;

/** Answers in memory, the newest on disk too, and in Redis where replicas share one. */
export async function openPredictionBook(ports: PredictionBookPorts): Promise<PredictionBook> {
  const { clock, shared, segments } = ports;
  const calls = new Map<string, KeptCall>();
  const claims = truthClaims(shared);
  const others = sharedAnswers(shared, ports.retentionMs);
  const own: PastErasure[] = [];
  let erasures = ports.erasures();
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
  const isGone = (call: RememberedCall) =>
    [...own, ...erasures].some(({ erased, atMs }) => call.answeredAt <= atMs && isErased(erased, call));
  const stopSharing = clock.every(shareEveryMs, () => {
    dropOld();
    erasures = ports.erasures();
    void others.turn();
    void claims.catchUp();
  });

  const find: PredictionBook['find'] = async (tenant, id) => {
    const here = calls.get(keyOf(tenant, id));
    if (here?.ambiguous) return here;
    const there = await others.find(tenant, id);
    if (here === undefined) return there !== undefined && isGone(there) ? undefined : there;
    return there === undefined || sameAnswer(here, there) ? here : { ...here, ambiguous: true };
  };
  return {
    remember: call => {
      const known = calls.get(keyOf(call.tenant, call.inferenceId));
      // A client that tries again, and gets the same, has one answer.
      if (known !== undefined && sameAnswer(known, call)) return;
      const kept = { ...call, joined: undefined, ...(known !== undefined && { ambiguous: true }) };
      keep(kept);
      segments.append(kept);
      others.offer(kept);
    },
    find,
    claim: async (call, truth) => {
      const key = keyOf(call.tenant, call.inferenceId);
      const known = calls.get(key);
      const before = known?.joined ?? call.joined;
      if (before !== undefined) return before;
      if (known !== undefined) calls.set(key, { ...known, joined: truth }); // before anybody else here asks
      const place = sharedKey(call.tenant, call.inferenceId);
      const former = await claims.claim(place, truth, ports.retentionMs(call.model));
      if (isGone(call)) {
        claims.forget(place);
        await others.forget([call]); // the claim may have come after the deletion
        return false;
      }
      const joined = { ...call, joined: former ?? truth };
      if (known !== undefined) calls.set(key, joined);
      segments.append(joined);
      return former;
    },
    tenantsOf: inferenceId =>
      [...calls.values()].flatMap(call => (call.inferenceId === inferenceId ? call.tenant : [])),
    forget: async what => {
      own.push({ erased: what, atMs: clock.wallMs() });
      if (own.length > mostErasures) own.shift();
      const doomed = [...calls.values()].filter(call => isErased(what, call));
      for (const { tenant, inferenceId } of doomed) {
        drop(keyOf(tenant, inferenceId));
        claims.forget(sharedKey(tenant, inferenceId));
      }
      await others.forget(doomed);
      await segments.remove(call => isErased(what, call));
      return doomed.length;
    },
    get size() {
      return calls.size;
    },
    stop: async () => {
      stopSharing();
      await others.turn();
      await segments.close();
    },
  };
}

function weightOf({ predictions }: RememberedCall): number {
  let bytes = 0;
  for (const each of predictions) bytes += typeof each === 'string' ? each.length : numberBytes;
  return Math.max(1, Math.ceil(bytes / answerBytes));
}
