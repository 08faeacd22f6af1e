import type { BreakerState, EjectionReason } from '../core/events.ts';
import { isIllness } from '../core/outcome.ts';
import type { AttemptResult } from '../core/result.ts';
import { Absence } from './absence.ts';
import type { BreakerEvent } from './breaker.ts';
import { Ejections } from './ejection.ts';
import { opossumBreaker } from './opossum-breaker.ts';
import { OutcomeWindow } from './outlier.ts';
import type { SlotPermit } from './permit.ts';
import { SlowStart } from './slow-start.ts';
import { Trial } from './trial.ts';
import { failureWords, type Patient, type Ward } from './ward.ts';

/** Good answers it takes to return. Probes cost no caller anything, so two of them; of callers' requests one. */
const goodProbes = 2;
const goodTrials = 1;
/** For a target that was well when its region was evacuated. */
const goodEvacuatedTrials = 2;
/** A sample payload the model refuses proves nothing; after this many such probes callers try the target as well. */
const neutralProbesAtMost = 3;

/** The course of one target's illness: judged serving, ejected, tried, and back by a slow start. */
export class Illness {
  readonly ejections: Ejections;
  readonly #ward: Ward;
  readonly #patient: Patient;
  readonly #breaker = opossumBreaker();
  readonly #trial = new Trial();
  #window: OutcomeWindow;
  /** Closed, but out because its region's targets fail together; until two trials are good or the region is back. */
  #evacuated = false;
  #nextEvacuatedTrialAt = 0;
  readonly #slowStart = new SlowStart();
  readonly #absence: Absence;
  #stopped = false;

  constructor(patient: Patient, ward: Ward) {
    this.#patient = patient;
    this.#ward = ward;
    this.#window = new OutcomeWindow(ward.options());
    this.ejections = new Ejections(ward.clock.now());
    this.#absence = new Absence(patient, ward);
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  get epoch(): number {
    return this.#breaker.epoch;
  }

  get evacuated(): boolean {
    return this.#evacuated;
  }

  /** Whether ordinary calls may go there. */
  get serving(): boolean {
    return this.#breaker.state === 'closed' && !this.#evacuated;
  }

  get ramping(): boolean {
    return this.#slowStart.underWay;
  }

  /** Whether one caller's request may try it now. */
  admitsTrial(nowMs: number): boolean {
    if (this.#trial.runs(nowMs)) return false;
    if (this.#evacuated) return nowMs >= this.#nextEvacuatedTrialAt;
    const probesDecide = this.#absence.probed && this.#trial.neutralProbes < neutralProbesAtMost;
    return this.state === 'half-open' && !probesDecide;
  }

  admitsProbe(nowMs: number): boolean {
    return this.state === 'half-open' && !this.#trial.runs(nowMs);
  }

  beginTrial(permit: SlotPermit, nowMs: number): void {
    this.#trial.begin(permit, nowMs + this.#ward.options().trialExpiryMs);
    this.#nextEvacuatedTrialAt = nowMs + this.#absence.probeIntervalMs;
  }

  endTrial(permit: SlotPermit): void {
    if (this.#trial.is(permit)) this.#trial.end();
  }

  /** What a finished call says. Neutral, so never counted: the caller's fault, cancelled, throttled, cold. */
  judge(permit: SlotPermit, result: AttemptResult, nowMs: number): void {
    if (this.#stopped) return;
    if (permit.epoch !== this.epoch) return; // Begun before an ejection or a return: it tells of another time.
    if (permit.reason === 'fail-open' && result.outcome !== 'ok') return; // It went in spite of the illness: no news.
    if (this.state === 'closed') this.#judgeServing(permit, result, nowMs);
    else if (permit.reason === 'fail-open' || this.#trial.is(permit)) this.#judgeTrial(permit, result, nowMs);
  }

  /** Takes a serving target out with its region. Callers may still try it, one at a time and spaced. */
  evacuate(): void {
    this.#evacuated = true;
    this.#trial.reset();
    this.#nextEvacuatedTrialAt = this.#ward.clock.now() + this.#absence.probeIntervalMs;
  }

  endEvacuation(): void {
    if (!this.#evacuated) return;
    this.#evacuated = false;
    this.#trial.reset();
    this.startSlowly();
  }

  /** A share that grows from a tenth, after any kind of absence. */
  startSlowly(): void {
    this.#slowStart.begin(this.#ward.clock.now());
  }

  rampShare(nowMs: number): number {
    return this.#slowStart.share(nowMs, this.#ward.options().slowStartMs);
  }

  /** The rules changed: the window is begun again under the new ones. */
  renewRules(): void {
    this.#window = new OutcomeWindow(this.#ward.options());
  }

  /** Freezes the state for calls that still hold the target, and gives up every timer. */
  stop(): void {
    this.#stopped = true;
    this.#absence.end();
    this.#breaker.stop();
  }

  #judgeServing(permit: SlotPermit, result: AttemptResult, now: number): void {
    if (result.outcome === 'misconfigured') this.#eject('misconfigured', failureWords(result), false, now);
    else if (result.outcome === 'ok') {
      this.#window.record(false, now);
      if (this.#evacuated && permit.reason !== 'call') this.#countGood(goodEvacuatedTrials, now);
    } else if (isIllness(result.outcome)) {
      this.#trial.good = 0;
      this.#window.record(true, now);
      const verdict = this.#window.verdict(now);
      if (verdict === 'well') return;
      this.#eject(verdict, `${this.#window.summary(verdict)}; last: ${failureWords(result)}`, true, now);
    }
  }

  #judgeTrial(permit: SlotPermit, result: AttemptResult, now: number): void {
    const { outcome } = result;
    if (outcome === 'ok') {
      this.#countGood(this.#absence.probed && permit.reason !== 'trial' ? goodProbes : goodTrials, now);
    } else if (outcome === 'misconfigured') this.#eject('misconfigured', failureWords(result), false, now);
    else if (isIllness(outcome)) this.#eject('failed-probe', failureWords(result), permit.reason === 'trial', now);
    else if (permit.reason === 'probe') this.#trial.neutralProbes += 1;
  }

  #countGood(needed: number, now: number): void {
    this.#trial.good += 1;
    if (this.#trial.good < needed) return;
    if (this.#evacuated) this.endEvacuation();
    else this.#recover(now);
    this.#ward.changed();
  }

  #eject(reason: EjectionReason, detail: string, hurt: boolean, now: number): void {
    const { emit, random } = this.#ward;
    this.#evacuated = false;
    this.#slowStart.end();
    this.#trial.reset();
    const forMs = this.ejections.begin(reason, detail, hurt, now, this.#ward.options(), random);
    this.#absence.begin(forMs, () => this.#ejectionOver());
    this.#move('eject');
    emit({ type: 'target-ejected', target: this.#patient.target, reason, forMs, detail });
    this.#ward.changed();
  }

  #ejectionOver(): void {
    this.#move('ejection-over');
    this.#absence.probe();
  }

  /** Serves again: slowly at first, and judged only by what comes from now on. */
  #recover(now: number): void {
    this.#absence.end();
    this.#trial.reset();
    this.#window.empty();
    this.ejections.end(now);
    this.#slowStart.begin(now);
    this.#move('recovered');
  }

  #move(event: BreakerEvent): void {
    const from = this.state;
    if (!this.#breaker.apply(event)) return;
    this.#ward.emit({ type: 'breaker-changed', target: this.#patient.target, from, to: this.state });
  }
}
