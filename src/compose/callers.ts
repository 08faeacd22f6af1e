import type { ResolvedConfig } from '../config/resolve.ts';
import type { Emit } from '../core/events.ts';
import { createIdentify, type Identify } from '../security/callers.ts';
import { configKeys } from '../security/credential.ts';
import { IssuedKeys } from '../security/issued-keys.ts';
import type { IssuedKeysDeps } from '../security/issued-ring.ts';
import { createLimits, type Limits } from '../security/limits.ts';
import type { AuthOptions } from '../security/options.ts';
import { createRateLimiter } from '../security/rate-limiter.ts';
import { createSealer, type Sealer } from '../security/sealing.ts';
import { Spending } from '../security/spending.ts';
import { bindCallers } from '../security/tenants.ts';
import type { SharedCounters } from '../state/state.ts';

/** Who may call, by the config in force and by the keys operators issued, and how much. */
export interface Callers {
  readonly identify: Identify;
  readonly issued: IssuedKeys;
  readonly limits: Limits;
  readonly spending: Spending;
  /** Puts a config's keys and policies in force. */
  use(resolved: ResolvedConfig): void;
  /** Resolves once what was spent is written down. */
  close(): Promise<void>;
}

/** What callers are made of. */
export interface CallersDeps extends IssuedKeysDeps {
  readonly emit: Emit;
  /** Undefined where replicas share nothing. */
  readonly counters: SharedCounters | undefined;
  config(): ResolvedConfig;
  replicas(): number;
}

/** Callers under the config in force: its own keys are asked first, then issued ones. */
export function createCallers(deps: CallersDeps): Callers {
  const { clock, emit, counters: shared, config, replicas } = deps;
  const issued = new IssuedKeys(deps, sealerOf(config().config.auth));
  const spending = new Spending({ ...deps, shared });
  const decidedAlone = (tenant: string) => emit({ type: 'limit-decided-alone', tenant });
  const rates = createRateLimiter({ clock, shared, replicas, decidedAlone });
  const identifyBy = ({ config: { auth, tenants } }: ResolvedConfig): Identify =>
    createIdentify({
      clock,
      rings: [configKeys(auth), issued.ring],
      anonymous: auth === 'none' || auth.anonymous,
      bind: bindCallers(tenants),
    });
  let identify = identifyBy(config());
  return {
    identify: head => identify(head),
    issued,
    limits: createLimits({ emit, rates, spending, replicas, tenants: () => config().config.tenants }),
    spending,
    use: next => {
      issued.use(sealerOf(next.config.auth));
      identify = identifyBy(next);
    },
    close: async () => {
      issued.close();
      await spending.close();
    },
  };
}

/** What seals issued keys under a config; undefined where none are issued. */
function sealerOf(auth: AuthOptions): Sealer | undefined {
  return auth === 'none' || auth.issued === undefined ? undefined : createSealer(auth.issued);
}
