import type { Clock } from '../core/clock.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Attempt } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { type CallSizes, marginalUsd } from './cost.ts';

const msPerHour = 3_600_000;
/** A call pays for at most this much of the time an instance stood idle before it; the rest is kept as idle dollars. */
const longestIdlePaidMs = 60_000;

/** Dollars of one finished attempt; undefined where no price is known. */
export interface Charge {
  /** What this call added to the bill. */
  readonly marginalUsd: number | undefined;
  /** The same with the running instances spread over the calls they served. */
  readonly amortisedUsd: number | undefined;
}

/** Sums of a target since the process started. */
export interface TargetAccount {
  readonly target: Target;
  readonly attempts: number;
  readonly marginalUsd: number;
  readonly amortisedUsd: number;
}

/** Instance time of one endpoint (and variant) since it was first seen, which several targets may share. */
export interface EndpointAccount {
  readonly region: string;
  readonly endpoint: string;
  readonly variant: string | undefined;
  readonly usdPerHour: number;
  /** Charged to calls. */
  readonly usedUsd: number;
  /** Paid for while no call came for over a minute. */
  readonly idleUsd: number;
  /** Accrued since the last call, for the next one to pay. */
  readonly pendingUsd: number;
}

/**
 * Counts dollars. Instances accrue by time whatever they do: each call pays for the time since the call before it on the
 * same endpoint, so used + idle + pending is exactly hours × price, and a busy endpoint's calls are cheap.
 */
export interface Ledger {
  charge(attempt: Attempt, request: { readonly body: { readonly length: number } }): Charge;
  targets(): TargetAccount[];
  endpoints(): EndpointAccount[];
}

interface Fleet {
  readonly target: Target;
  usdPerHour: number;
  paidUntil: number;
  usedUsd: number;
  idleUsd: number;
}

type Account = { -readonly [key in keyof TargetAccount]: TargetAccount[key] };

/** Outcomes after which the upstream had worked, and bills. */
const worked: ReadonlySet<Outcome> = new Set(['ok', 'caller-fault', 'backend-fault', 'timeout', 'cancelled']);
const free: Charge = { marginalUsd: 0, amortisedUsd: 0 };
const unknown: Charge = { marginalUsd: undefined, amortisedUsd: undefined };

/** `replicas()` is the size of the fleet: each replica counts its part of what instances cost by the hour. */
export function createLedger(ports: { clock: Clock; sizes: CallSizes; replicas(): number }): Ledger {
  const { clock, sizes } = ports;
  const startedAt = clock.now();
  const accounts = new Map<string, Account>();
  const fleets = new Map<string, Fleet>();
  const fleetsByTarget = new Map<string, Fleet>();

  const fleetOf = (target: Target, usdPerHour: number): Fleet => {
    let fleet = fleetsByTarget.get(target.id);
    if (fleet === undefined) {
      const key = `${target.region}/${target.endpoint}/${target.variant ?? ''}`;
      fleet = fleets.get(key) ?? { target, usdPerHour, paidUntil: startedAt, usedUsd: 0, idleUsd: 0 };
      fleets.set(key, fleet);
      fleetsByTarget.set(target.id, fleet);
    }
    fleet.usdPerHour = usdPerHour;
    return fleet;
  };

  const charge = (attempt: Attempt, request: { readonly body: { readonly length: number } }): Charge => {
    const { target, result } = attempt;
    const answerBytes = result.answer?.body.length ?? 0;
    if (result.outcome === 'ok') sizes.observe(target, request.body.length, answerBytes, result.usage);
    const { price } = target;
    if (price.basis === 'unknown') return unknown;
    const account = accounts.get(target.id) ?? openAccount(accounts, target);
    account.attempts += 1;
    if (!result.sent || !worked.has(result.outcome)) return free;
    const { usage, durationMs: servingMs } = result;
    const call = { requestBytes: request.body.length, answerBytes, servingMs, ...(usage && { usage }) };
    const marginal = marginalUsd(target, call) ?? 0;
    const hourly = price.basis === 'instance' ? (price.usdPerHour * price.count) / ports.replicas() : 0;
    const amortised = marginal + (hourly === 0 ? 0 : payUntil(fleetOf(target, hourly), clock.now()));
    account.marginalUsd += marginal;
    account.amortisedUsd += amortised;
    return { marginalUsd: marginal, amortisedUsd: amortised };
  };

  return {
    charge,
    targets: () => [...accounts.values()].map(account => ({ ...account })),
    endpoints: () => [...fleets.values()].map(fleet => describeFleet(fleet, clock.now())),
  };
}

function openAccount(accounts: Map<string, Account>, target: Target): Account {
  const account = { target, attempts: 0, marginalUsd: 0, amortisedUsd: 0 };
  accounts.set(target.id, account);
  return account;
}

function accrued(fleet: Fleet, now: number): { pendingUsd: number; idleUsd: number } {
  const elapsedMs = now - fleet.paidUntil;
  const pendingMs = Math.min(elapsedMs, longestIdlePaidMs);
  const usdPerMs = fleet.usdPerHour / msPerHour;
  return { pendingUsd: pendingMs * usdPerMs, idleUsd: (elapsedMs - pendingMs) * usdPerMs };
}

/** Settles the time up to `now` and returns the part this call pays, USD. */
function payUntil(fleet: Fleet, now: number): number {
  const { pendingUsd, idleUsd } = accrued(fleet, now);
  fleet.paidUntil = now;
  fleet.usedUsd += pendingUsd;
  fleet.idleUsd += idleUsd;
  return pendingUsd;
}

function describeFleet(fleet: Fleet, now: number): EndpointAccount {
  const { pendingUsd, idleUsd } = accrued(fleet, now);
  const { region, endpoint, variant } = fleet.target;
  return {
    region,
    endpoint,
    variant,
    usdPerHour: fleet.usdPerHour,
    usedUsd: fleet.usedUsd,
    idleUsd: fleet.idleUsd + idleUsd,
    pendingUsd,
  };
}
