import type { ResolvedConfig } from '../config/resolve.ts';
import { createIdentify, type Identify } from '../security/callers.ts';
import { configKeys } from '../security/credential.ts';
import { IssuedKeys } from '../security/issued-keys.ts';
import type { IssuedKeysDeps } from '../security/issued-ring.ts';
import type { AuthOptions } from '../security/options.ts';
import { createSealer, type Sealer } from '../security/sealing.ts';

/** Who may call, by the config in force and by the keys operators issued. */
export interface Callers {
  readonly identify: Identify;
  readonly issued: IssuedKeys;
  /** Puts a config's keys in force. */
  use(resolved: ResolvedConfig): void;
  close(): void;
}

/** Callers under `resolved`: its own keys are asked first, then issued ones. */
export function createCallers(deps: IssuedKeysDeps, resolved: ResolvedConfig): Callers {
  const issued = new IssuedKeys(deps, sealerOf(resolved.config.auth));
  const identifyBy = ({ config: { auth } }: ResolvedConfig): Identify =>
    createIdentify({
      clock: deps.clock,
      rings: [configKeys(auth), issued.ring],
      anonymous: auth === 'none' || auth.anonymous,
    });
  let identify = identifyBy(resolved);
  return {
    identify: head => identify(head),
    issued,
    use: next => {
      issued.use(sealerOf(next.config.auth));
      identify = identifyBy(next);
    },
    close: () => issued.close(),
  };
}

/** What seals issued keys under a config; undefined where none are issued. */
function sealerOf(auth: AuthOptions): Sealer | undefined {
  return auth === 'none' || auth.issued === undefined ? undefined : createSealer(auth.issued);
}
