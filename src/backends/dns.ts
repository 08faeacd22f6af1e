import { type LookupAddress, NODATA, promises as systemDns } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../core/clock.ts';

/** Asks the network once. Rejects when there is no answer or an empty one. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Asks the network, until it is stopped. */
export interface NetworkResolver {
  readonly resolve: Resolve;
  /** Gives up the queries under way. */
  stop(): void;
}

/** Looks names up, from memory where it can. */
export interface DnsCache {
  /** For `net.connect` and undici's connector. */
  readonly lookup: LookupFunction;
  stop(): void;
}

/** What looking names up needs, and its limits. */
export interface DnsCacheDeps {
  readonly clock: Clock;
  readonly resolve: Resolve;
  /** How long an answer counts as fresh, ms. */
  readonly ttlMs: number;
  /** How long a caller waits for one lookup, ms. */
  readonly timeoutMs: number;
}

interface Name {
  addresses?: readonly LookupAddress[];
  freshUntil: number;
  usedAt: number;
  /** Why the last refresh brought nothing; the next one that callers may wait for is not before `retryAt`. */
  failure?: { readonly error: Error; readonly retryAt: number };
  pending?: Promise<void>;
  pendingSince: number;
  turn: number;
}

/** A name nobody connects to is not asked for for ever. Its last answer stays. */
const keepFreshMs = 3_600_000;
const retryAfterFailureMs = 1_000;

/** Name lookups that outlive the resolver. */
export function dnsCache(deps: DnsCacheDeps): DnsCache {
  const names = new Names(deps);
  const lookup: LookupFunction = (hostname, options, callback) => {
    const literal = isIP(hostname);
    if (literal) return reply([{ address: hostname, family: literal }], options.all === true, callback);
    names.addressesOf(hostname).then(
      addresses => {
        const wanted = ofFamily(addresses, options.family);
        if (wanted.length === 0) return callback(noAnswer(hostname, 'no address of that family'), []);
        reply(names.rotated(hostname, wanted), options.all === true, callback);
      },
      error => callback(error, []),
    );
  };
  return { lookup, stop: deps.clock.every(Math.ceil(deps.ttlMs * 0.7), () => names.refreshAll()) };
}

/**
 * What is known of each name. An answer is refreshed ahead of its time and, when refreshing fails, hangs or brings an
 * empty answer, the last good one serves however old it is. One lookup per name is under way at most, and each caller
 * waits `timeoutMs` at most, so a hanging resolver slows only the first connection to a name never seen.
 */
class Names {
  readonly #deps: DnsCacheDeps;
  readonly #names = new Map<string, Name>();

  constructor(deps: DnsCacheDeps) {
    this.#deps = deps;
  }

  async addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const { clock, timeoutMs } = this.#deps;
    const now = clock.now();
    const name = this.#names.get(hostname) ?? { freshUntil: 0, usedAt: now, pendingSince: now, turn: 0 };
    this.#names.set(hostname, name);
    name.usedAt = now;
    if (name.addresses && now < name.freshUntil) return name.addresses;
    const wait = this.#worthWaiting(name, now);
    if (name.failure === undefined || now >= name.failure.retryAt) {
      const refreshed = this.#refresh(hostname, name);
      if (wait) await withLimit(clock, refreshed, timeoutMs);
    }
    if (name.addresses) return name.addresses;
    throw name.failure?.error ?? noAnswer(hostname, `no answer within ${timeoutMs} ms`);
  }

  /** New connections spread over the addresses of one cached answer. */
  rotated(hostname: string, addresses: readonly LookupAddress[]): readonly LookupAddress[] {
    const name = this.#names.get(hostname);
    if (name === undefined || addresses.length < 2) return addresses;
    name.turn = (name.turn + 1) % addresses.length;
    return [...addresses.slice(name.turn), ...addresses.slice(0, name.turn)];
  }

  refreshAll(): void {
    const now = this.#deps.clock.now();
    for (const [hostname, name] of this.#names) if (now - name.usedAt < keepFreshMs) void this.#refresh(hostname, name);
  }

  #refresh(hostname: string, name: Name): Promise<void> {
    const { clock, resolve, ttlMs } = this.#deps;
    if (name.pending) return name.pending;
    const failed = (error: Error) => {
      name.failure = { error, retryAt: clock.now() + retryAfterFailureMs };
    };
    name.pendingSince = clock.now();
    name.pending = resolve(hostname)
      .then(addresses => {
        if (addresses.length === 0) return failed(noAnswer(hostname, 'empty answer'));
        name.addresses = addresses;
        name.freshUntil = clock.now() + ttlMs;
        delete name.failure;
      }, failed)
      .finally(() => {
        delete name.pending;
      });
    return name.pending;
  }

  /** True when waiting may bring something better than what is known. */
  #worthWaiting(name: Name, now: number): boolean {
    if (name.pending && now - name.pendingSince >= this.#deps.timeoutMs) return false;
    if (name.failure === undefined) return true;
    return name.addresses === undefined && now >= name.failure.retryAt;
  }
}

function reply(addresses: readonly LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const first = addresses[0];
  if (all || first === undefined) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

function ofFamily(addresses: readonly LookupAddress[], family: number | string | undefined): readonly LookupAddress[] {
  const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
  return wanted === 4 || wanted === 6 ? addresses.filter(address => address.family === wanted) : addresses;
}

function noAnswer(hostname: string, why: string): Error {
  return Object.assign(new Error(`cannot resolve ${hostname}: ${why}`), { code: 'ENOTFOUND' });
}

function withLimit(clock: Clock, work: Promise<void>, limitMs: number): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(limitMs, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}

/**
 * The real resolver: the listed servers, or the system's `getaddrinfo`. The latter runs on libuv's pool, four threads
 * by default, where a hanging resolver holds one thread per name: `UV_THREADPOOL_SIZE` says how many there are, and the
 * server asks for 16.
 */
export function networkResolver(servers: readonly string[], timeoutMs: number): NetworkResolver {
  if (servers.length === 0) return { resolve: name => systemDns.lookup(name, { all: true }), stop: () => {} };
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMs / 2), tries: 2 });
  resolver.setServers([...servers]);
  const resolve: Resolve = async hostname => {
    try {
      return (await resolver.resolve4(hostname)).map(address => ({ address, family: 4 }));
    } catch (error) {
      // The name exists without an IPv4 address; any other failure would be the same for IPv6.
      if (!(error instanceof Error && 'code' in error && error.code === NODATA)) throw error;
      return (await resolver.resolve6(hostname)).map(address => ({ address, family: 6 }));
    }
  };
  // A query still open when the process ends can keep Node 24 from ending.
  return { resolve, stop: () => resolver.cancel() };
}
