import type { Cancel } from '../core/clock.ts';
import { startProbing } from './probes.ts';
import type { Patient, Ward } from './ward.ts';

/** The timers of one target's absence: how long it is ejected, and the probes that follow. */
export class Absence {
  readonly #patient: Patient;
  readonly #ward: Ward;
  #cancelReturn: Cancel = () => {};
  #stopProbing: Cancel = () => {};

  constructor(patient: Patient, ward: Ward) {
    this.#patient = patient;
    this.#ward = ward;
  }

  /** Whether its model has a sample payload to probe with. */
  get probed(): boolean {
    return this.#ward.probe?.covers(this.#patient.target) ?? false;
  }

  /** The fleet's interval: each of the replicas probes that much less often. */
  get probeIntervalMs(): number {
    return this.#ward.options().probeIntervalMs * this.#ward.replicas();
  }

  /** Begins anew; `over` is called after `forMs`. */
  begin(forMs: number, over: () => void): void {
    this.end();
    this.#cancelReturn = this.#ward.clock.after(forMs, over);
  }

  /** Probes until `end`, if there is a sample to probe with. */
  probe(): void {
    const { probe, clock, random } = this.#ward;
    if (probe === undefined || !this.probed) return;
    this.#stopProbing = startProbing({
      clock,
      random,
      everyMs: () => this.probeIntervalMs,
      timeoutMs: () => this.#ward.options().probeTimeoutMs + probe.setupMs(this.#patient.target),
      permit: () => this.#patient.acquire('probe'),
      send: (signal, timeoutMs) => probe.send(this.#patient.target, signal, timeoutMs),
    });
  }

  /** Gives up every timer. */
  end(): void {
    this.#cancelReturn();
    this.#stopProbing();
  }
}
