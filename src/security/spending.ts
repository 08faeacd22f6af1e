import type { Cancel, Clock } from '../core/clock.ts';
import type { SharedCounters, StateStore } from '../state/state.ts';

/** What counting money needs of the rest. */
export interface SpendingDeps {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Undefined where replicas share nothing. */
  readonly shared: SharedCounters | undefined;
  replicas(): number;
  /** Keeps track of work that no caller waits for. */
  background(work: () => Promise<unknown>): void;
}

/** One tenant's day. */
interface Account {
  readonly day: string;
  /** Of the fleet where replicas share, else of this process and those before it on this disk. USD. */
  knownUsd: number;
  /** By this replica, not told to the others yet. USD. */
  unsentUsd: number;
  savedUsd: number;
}

const prefix = 'tenant-spend/';
const tellEveryMs = 1_000;
/** What a crash forgets at most. */
const saveEveryMs = 15_000;

/**
 * What tenants with a budget have spent since midnight, UTC. Replicas add theirs up in Redis every second; what is known
 * is written down now and then, so that a restart, or a Redis that came back empty, does not open the purse again.
 */
export class Spending {
  readonly #deps: SpendingDeps;
  readonly #accounts = new Map<string, Account>();
  readonly #stops: readonly Cancel[];
  #telling = false;

  constructor(deps: SpendingDeps) {
    this.#deps = deps;
    this.#stops = [
      deps.clock.every(tellEveryMs, () => deps.background(() => this.#tell())),
      deps.clock.every(saveEveryMs, () => deps.background(() => this.#save())),
    ];
  }

  add(tenant: string, usd: number): void {
    this.#account(tenant).unsentUsd += usd;
  }

  /** As far as this replica knows, USD. */
  spentUsd(tenant: string): number {
    const { knownUsd, unsentUsd } = this.#account(tenant);
    return knownUsd + unsentUsd;
  }

  /** Whether the day's money is gone. Without the others' word each replica may spend its share of what was left. */
  isSpent(tenant: string, usdPerDay: number): boolean {
    const { knownUsd, unsentUsd } = this.#account(tenant);
    const { shared, replicas } = this.#deps;
    if (shared === undefined) return knownUsd + unsentUsd >= usdPerDay / replicas();
    return unsentUsd >= (usdPerDay - knownUsd) / (shared.up ? 1 : replicas());
  }

  /** Until the next midnight, UTC. */
  secondsLeft(): number {
    const dayMs = 86_400_000;
    return Math.ceil((dayMs - (this.#deps.clock.wallMs() % dayMs)) / 1000);
  }

  tenants(): Iterable<string> {
    return this.#accounts.keys();
  }

  /** Hands over and writes down what there is. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#tell();
    await this.#save();
  }

  #account(tenant: string): Account {
    const day = new Date(this.#deps.clock.wallMs()).toISOString().slice(0, 10);
    const known = this.#accounts.get(tenant);
    if (known?.day === day) return known;
    const savedUsd = savedOn(day, this.#deps.state.get(prefix + tenant));
    const account: Account = { day, knownUsd: savedUsd, unsentUsd: 0, savedUsd };
    this.#accounts.set(tenant, account);
    return account;
  }

  /** Adds what is unsent to the fleet's sum and learns that sum; also when there is nothing to add. */
  async #tell(): Promise<void> {
    if (this.#telling) return; // what is on its way must not be added again
    this.#telling = true;
    await this.#tellAll(this.#deps.shared).finally(() => {
      this.#telling = false;
    });
  }

  async #tellAll(shared: SharedCounters | undefined): Promise<void> {
    for (const [tenant, account] of this.#accounts) {
      if (shared?.up === false) return;
      const addUsd = account.unsentUsd;
      if (shared === undefined) {
        account.knownUsd += addUsd;
        account.unsentUsd = 0;
        continue;
      }
      const name = `${account.day}:${tenant}`;
      const sum = await shared.addSpend(name, addUsd, account.knownUsd).catch(() => undefined);
      if (sum === undefined) continue; // perhaps added all the same: then a call's worth is counted twice, never none
      account.knownUsd = Math.max(account.knownUsd, sum);
      account.unsentUsd -= addUsd;
    }
  }

  async #save(): Promise<void> {
    for (const [tenant, account] of this.#accounts) {
      const usd = account.knownUsd + account.unsentUsd;
      if (usd <= account.savedUsd) continue;
      await this.#deps.state.set(prefix + tenant, JSON.stringify({ day: account.day, usd }));
      account.savedUsd = usd;
    }
  }
}

function savedOn(day: string, text: string | undefined): number {
  if (text === undefined) return 0;
  try {
    const saved = JSON.parse(text) as { day?: unknown; usd?: unknown } | null;
    return saved?.day === day && typeof saved.usd === 'number' ? saved.usd : 0;
  } catch {
    return 0;
  }
}
