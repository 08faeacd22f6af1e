import { type Cancel, sleep, systemClock } from '../core/clock.ts';
import type { GatewayEvent } from '../core/events.ts';
import { wrapped } from './fit.ts';
import { highMark } from './high-mark.ts';
import { narrator } from './narrate.ts';
import type { Io } from './options.ts';
import type { SeasonReport } from './season-report.ts';
import type { RunningGateway } from './serve.ts';

/** A scenario ends by itself within this. */
const longestMs = 300_000;
const lookEveryMs = 200;
/** Where the words of a line begin, after the time and the name of the link. */
const wordsAt = 23;

/** A process that the scenario cannot be without. */
interface Part {
  once(event: 'exit', heard: (code: number | null, signal: string | null) => void): unknown;
}

/** The season's traffic, as a process of its own. */
export interface SeasonTraffic extends Part {
  send(message: { readonly season: 'winter' | 'summer' }): unknown;
  on(event: 'message', heard: (message: unknown) => void): unknown;
}

/** Where a scenario is played: tells each link of the chain as it happens, until the time is over. */
export class Stage {
  readonly gateway: RunningGateway;
  /** The simulator's control listener. */
  readonly simulatorUrl: string;
  readonly #traffic: SeasonTraffic;
  readonly #io: Pick<Io, 'out' | 'columns'>;
  readonly #over = new AbortController();
  readonly #startedAt = systemClock.now();
  readonly #listeners = new Set<(event: GatewayEvent) => void>();
  readonly #cancel: Cancel;
  /** The traffic's latest report. */
  report: SeasonReport | undefined;

  constructor(gateway: RunningGateway, traffic: SeasonTraffic, simulatorUrl: string, io: Pick<Io, 'out' | 'columns'>) {
    this.gateway = gateway;
    this.simulatorUrl = simulatorUrl;
    this.#traffic = traffic;
    this.#io = io;
    this.#cancel = systemClock.after(longestMs, () => {
      this.tell('the time is over');
      this.end();
    });
    const story = narrator(event => highMark(gateway.app.parts.config(), event));
    gateway.app.join(event => {
      if (this.#over.signal.aborted) return; // the outcome is the last line
      const line = story.line(event);
      if (line !== undefined) this.tell(line);
      for (const hear of this.#listeners) hear(event);
    });
    traffic.on('message', message => {
      this.report = message as SeasonReport;
    });
    this.endsWith(traffic, 'traffic');
  }

  /** A part whose end is the scenario's: nothing that happened without it would mean anything. */
  endsWith(part: Part, name: string): void {
    part.once('exit', (code, signal) => {
      if (!this.#over.signal.aborted) this.tell(`the ${name} ended by itself (${signal ?? `exit code ${code}`})`);
      this.end();
    });
  }

  /** Tells one link of the chain, with the time since the start. */
  tell(line: string): void {
    const seconds = ((systemClock.now() - this.#startedAt) / 1000).toFixed(1).padStart(6);
    this.#io.out(`${wrapped(`${seconds} s  ${line}`, this.#io.columns(), wordsAt)}\n`);
  }

  /** Turns the season of the traffic. */
  turn(season: 'winter' | 'summer'): void {
    this.#traffic.send({ season });
  }

  /** Resolves once an event fits, from now on; undefined when the time is over. */
  until(fits: (event: GatewayEvent) => boolean): Promise<GatewayEvent | undefined> {
    return new Promise(resolve => {
      const settle = (event: GatewayEvent | undefined) => {
        this.#listeners.delete(hear);
        resolve(event);
      };
      const hear = (event: GatewayEvent) => {
        if (fits(event)) settle(event);
      };
      if (this.#over.signal.aborted) return resolve(undefined);
      this.#listeners.add(hear);
      this.#over.signal.addEventListener('abort', () => settle(undefined), { once: true });
    });
  }

  /** Resolves to true once it holds; to false when the time is over. */
  async holds(condition: () => boolean): Promise<boolean> {
    while (!this.#over.signal.aborted) {
      if (condition()) return true;
      await sleep(systemClock, lookEveryMs, this.#over.signal);
    }
    return false;
  }

  /** Passes on every event from now on. */
  hear(listener: (event: GatewayEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Does so again and again, until the time is over. */
  every(periodMs: number, run: () => void): void {
    const cancel = systemClock.every(periodMs, run);
    this.#over.signal.addEventListener('abort', cancel, { once: true });
  }

  /** Resolves to true when this long is over; to false when the time is over before. */
  async lasts(forMs: number): Promise<boolean> {
    await sleep(systemClock, forMs, this.#over.signal);
    return !this.#over.signal.aborted;
  }

  /** Ends the time. */
  end(): void {
    this.#cancel();
    this.#over.abort();
  }
}
