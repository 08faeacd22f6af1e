import { GatewayError } from '../core/errors.ts';

/** Bytes of requests and answers held at once, bounded per process, so that many large callers cannot exhaust memory. */
export interface Admission {
  /** Takes `bytes`, or throws `buffers-full`. */
  take(bytes: number): void;
  /** Takes `bytes` if there is room. */
  tryTake(bytes: number): boolean;
  give(bytes: number): void;
  readonly heldBytes: number;
  /** What fits at most. */
  readonly maxBytes: number;
  /** Whether what is left should go to the more important calls. */
  readonly short: boolean;
}

/** Of all memory; from here on it is short. */
const shortShare = 0.8;

/** Nothing held at first. */
export function createAdmission(maxBytes: number): Admission {
  let held = 0;
  const tryTake = (bytes: number) => {
    if (held + bytes > maxBytes) return false;
    held += bytes;
    return true;
  };
  return {
    tryTake,
    take: bytes => {
      if (!tryTake(bytes)) {
        throw new GatewayError('buffers-full', 'The gateway holds as many bytes as it may: repeat the call shortly.');
      }
    },
    give: bytes => {
      held -= bytes;
    },
    maxBytes,
    get heldBytes() {
      return held;
    },
    get short() {
      return held > shortShare * maxBytes;
    },
  };
}
