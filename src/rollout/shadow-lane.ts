import type { Clock } from '../core/clock.ts';
import type { Emit, ShadowDrop } from '../core/events.ts';
import type { ShadowSettings } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import { type Answer, type Attempt, buffersFull, type Memory } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { type AgreementCount, countAgreement } from './shadow-agreement.ts';
import { type Comparison, compareAnswers, noAnswer, type Predictions } from './shadow-compare.ts';
import { copyOf, type MirroredCall } from './shadow-copy.ts';

/** What mirroring needs of the rest. */
export interface LanePorts {
  readonly clock: Clock;
  readonly emit: Emit;
  /** Where copies count; `short` when what is left should go to calls that somebody waits for. */
  readonly memory: Memory & { readonly short: boolean };
  /**
   * One attempt at a target of the version, near `near`; `ejected` when all that could take the call failed too often;
   * undefined when none may take it, which is nobody's fault.
   */
  call(
    model: string,
    version: string,
    request: InferenceRequest,
    near: Target,
    timeoutMs: number,
  ): Promise<Attempt | 'ejected' | undefined>;
  predictionsOf(model: string, answer: Answer): Predictions;
  /** Keeps track of work that no caller waits for. */
  background(work: () => Promise<unknown>): void;
}

interface Waiting extends MirroredCall {
  /** Monotonic ms, as `clock.now()`. */
  readonly since: number;
  readonly bytes: number;
  /** What it counts for: another build may come while it is under way. */
  readonly count: AgreementCount;
}

/** The calls mirrored to one version: a bounded queue, and so many under way at once. */
export class ShadowLane {
  readonly model: string;
  readonly version: string;
  readonly #ports: LanePorts;
  readonly #settings: () => ShadowSettings | undefined;
  readonly #stopped = new AbortController();
  #waiting: Waiting[] = [];
  #underWay = 0;
  #agreement: AgreementCount;

  /** `settings`: of the model in the config in force; undefined when it is gone. */
  constructor(ports: LanePorts, model: string, version: string, settings: () => ShadowSettings | undefined) {
    this.#ports = ports;
    this.model = model;
    this.version = version;
    this.#settings = settings;
    this.#agreement = countAgreement(ports.clock.wallMs());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get idle(): boolean {
    return this.#waiting.length + this.#underWay === 0;
  }

  summary() {
    return this.#agreement.summary();
  }

  /** Forgets what was compared: another build stands on one of the sides, or another trial begins. */
  renew(): void {
    this.#agreement = countAgreement(this.#ports.clock.wallMs());
  }

  /** Takes a copy, or drops it; returns at once, for this runs before the caller has the answer. */
  offer(call: MirroredCall): void {
    const { clock } = this.#ports;
    const bytes = call.request.body.length + call.answer.body.length;
    const count = this.#agreement;
    count.mirrored();
    const refusal = this.#refusal(bytes);
    if (refusal !== undefined) this.#drop(refusal, count);
    else {
      this.#waiting.push({ ...call, since: clock.now(), bytes, count });
      if (this.#free > 0) clock.after(0, () => this.#next());
    }
  }

  get #free(): number {
    return (this.#settings()?.maxConcurrency ?? 0) - this.#underWay;
  }

  /** Why a copy of this size is not taken; undefined when it is, and its memory with it. */
  #refusal(bytes: number): ShadowDrop | undefined {
    const { memory } = this.#ports;
    if (this.#stopped.signal.aborted) return 'draining';
    const places = (this.#settings()?.queue ?? 0) + Math.max(0, this.#free);
    if (this.#waiting.length >= places) return 'queue-full';
    return memory.short || !memory.tryTake(bytes) ? 'memory' : undefined;
  }

  /** Drops what waits, gives up what is under way. */
  stop(): void {
    this.#stopped.abort();
    for (const { bytes, count } of this.#waiting) {
      this.#ports.memory.give(bytes);
      this.#drop('draining', count);
    }
    this.#waiting = [];
  }

  #next(): void {
    const settings = this.#settings();
    while (this.#waiting.length > 0 && this.#underWay < (settings?.maxConcurrency ?? 1)) {
      const call = this.#waiting.shift() as Waiting;
      const waitedMs = this.#ports.clock.now() - call.since;
      if (settings === undefined || waitedMs > settings.timeoutMs / 2) {
        this.#ports.memory.give(call.bytes);
        this.#drop(settings === undefined ? 'no-target' : 'timeout', call.count);
        continue;
      }
      this.#underWay += 1;
      this.#ports.background(() => this.#run(call, settings, settings.timeoutMs - waitedMs));
    }
  }

  async #run(call: Waiting, settings: ShadowSettings, timeoutMs: number): Promise<void> {
    const { clock, memory } = this.#ports;
    try {
      const copy = copyOf(call, clock.now(), this.#stopped.signal);
      const made = await this.#ports.call(this.model, this.version, copy, call.target, timeoutMs);
      const verdict = this.#verdict(call, settings, made);
      if (typeof verdict === 'string') this.#drop(verdict, call.count, made !== undefined);
      else this.#compared(call, verdict);
    } finally {
      memory.give(call.bytes);
      this.#underWay -= 1;
      this.#next();
    }
  }

  /** What a call came to: compared, or given up and why. */
  #verdict(call: Waiting, { compare }: ShadowSettings, made: Attempt | 'ejected' | undefined): Comparison | ShadowDrop {
    if (this.#stopped.signal.aborted) return 'draining';
    if (made === undefined || made === 'ejected') return 'no-target';
    const { outcome, answer, error } = made.result;
    if (error?.type === buffersFull) return 'memory';
    if (outcome === 'timeout') return 'timeout';
    if (outcome !== 'ok' || answer === undefined) return noAnswer;
    return compareAnswers(call.answer, answer, compare, each => this.#ports.predictionsOf(this.model, each));
  }

  #compared({ request, count }: Waiting, comparison: Comparison): void {
    const { agreement, differences } = comparison;
    count.compared(request.id, comparison);
    const { model, version } = this;
    this.#ports.emit({ type: 'shadow-compared', model, version, requestId: request.id, agreement, differences });
  }

  #drop(reason: ShadowDrop, count: AgreementCount, failed = false): void {
    count.dropped(reason, failed);
    this.#ports.emit({ type: 'shadow-dropped', model: this.model, version: this.version, reason });
  }
}
