import { validationError } from './aws-error.ts';
import type { Clock } from './clock.ts';
import { type Random, uuid } from './random.ts';

/** Sticky sessions of one region. An id belongs to the endpoint that gave it out. */
export interface StickySessions {
  open(endpoint: string): { readonly id: string; readonly expiresAtMs: number };
  /** Throws ValidationError for an id that this endpoint did not give out, or that has ended. */
  check(id: string, endpoint: string): void;
  close(id: string): void;
}

const lifetimeMs = 20 * 60_000;

export function createStickySessions(clock: Clock, random: Random): StickySessions {
  const open = new Map<string, { readonly endpoint: string; readonly expiresAtMs: number }>();
  return {
    open: endpoint => {
      for (const [id, session] of open) if (session.expiresAtMs <= clock.wallMs()) open.delete(id);
      const id = uuid(random);
      const expiresAtMs = clock.wallMs() + lifetimeMs;
      open.set(id, { endpoint, expiresAtMs });
      return { id, expiresAtMs };
    },
    check: (id, endpoint) => {
      const session = open.get(id);
      if (session?.endpoint === endpoint && session.expiresAtMs > clock.wallMs()) return;
      throw validationError(`Session ${id} of endpoint ${endpoint} not found or expired.`);
    },
    close: id => open.delete(id),
  };
}
